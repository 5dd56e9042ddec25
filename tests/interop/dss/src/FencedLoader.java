import eu.europa.esig.dss.service.http.commons.CommonsDataLoader;
import eu.europa.esig.dss.spi.exception.DSSExternalResourceException;

/** Loads what stands below one prefix. A document under test must not send the tests elsewhere. */
final class FencedLoader extends CommonsDataLoader {
    private final String prefix;

    FencedLoader(String prefix, String contentType) {
        super(contentType);
        this.prefix = prefix.endsWith("/") ? prefix : prefix + "/";
    }

    @Override
    public byte[] get(String url) {
        check(url);
        return super.get(url);
    }

    @Override
    public byte[] post(String url, byte[] content) {
        check(url);
        return super.post(url, content);
    }

    private void check(String url) {
        if (!url.startsWith(prefix)) {
            throw new DSSExternalResourceException(url + " is not below " + prefix);
        }
    }
}
