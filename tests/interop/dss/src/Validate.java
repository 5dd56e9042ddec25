import com.fasterxml.jackson.databind.ObjectMapper;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlObjectModification;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlSignatureScope;
import eu.europa.esig.dss.simplereport.jaxb.XmlTimestamp;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Validates signed PDF documents by DSS with its default policy; prints one JSON object a file, a line each.
 *
 * <pre>
 * Validate --trust root.pem [--trust other.pem] [--online http://127.0.0.1:PORT] [--password TEXT] signed.pdf…
 * Validate --resident      the same arguments, a JSON array a line, from standard input
 * </pre>
 *
 * Without --online nothing is fetched: revocation data comes from the document alone. With it, OCSP, CRL and
 * AIA go to that prefix and nowhere else. A file that cannot be read gives {"error": …}.
 */
public final class Validate {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Validate() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // What a library prints must not come between two answers.
        System.setOut(System.err);
        if (!List.of(arguments).equals(List.of("--resident"))) {
            answer(List.of(arguments), answers);
            return;
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answer(List.of(JSON.readValue(line, String[].class)), answers);
        }
    }

    private static void answer(List<String> arguments, PrintStream answers) throws Exception {
        CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
        List<String> paths = new ArrayList<>();
        String online = null;
        String password = null;
        for (int i = 0; i < arguments.size(); i++) {
            switch (arguments.get(i)) {
                case "--trust" -> trusted.addCertificate(DSSUtils.loadCertificate(new File(arguments.get(++i))));
                case "--online" -> online = arguments.get(++i);
                case "--password" -> password = arguments.get(++i);
                default -> paths.add(arguments.get(i));
            }
        }
        for (String path : paths) {
            Map<String, Object> verdict;
            try {
                verdict = validate(path, verifier(trusted, online), password);
            } catch (RuntimeException error) {
                error.printStackTrace();
                verdict = Map.of("file", path, "error", String.valueOf(error));
            }
            answers.println(JSON.writeValueAsString(verdict));
        }
    }

    private static CommonCertificateVerifier verifier(CommonTrustedCertificateSource trusted, String online) {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trusted);
        // The default source would go wherever a certificate's AIA points.
        verifier.setAIASource(null);
        if (online != null) {
            verifier.setAIASource(new DefaultAIASource(new FencedLoader(online, null)));
            verifier.setCrlSource(new OnlineCRLSource(new FencedLoader(online, null)));
            verifier.setOcspSource(new OnlineOCSPSource(new FencedLoader(online, "application/ocsp-request")));
        }
        return verifier;
    }

    private static Map<String, Object> validate(String path, CommonCertificateVerifier verifier, String password) {
        PDFDocumentValidator validator = new PDFDocumentValidator(new FileDocument(path));
        validator.setCertificateVerifier(verifier);
        if (password != null) {
            validator.setPasswordProtection(password.toCharArray());
        }
        Reports reports = validator.validateDocument();
        SimpleReport simple = reports.getSimpleReport();
        DiagnosticData diagnostic = reports.getDiagnosticData();
        List<Object> signatures = new ArrayList<>();
        for (String id : simple.getSignatureIdList()) {
            signatures.add(signature(simple, diagnostic.getSignatureById(id)));
        }
        Map<String, Object> verdict = new LinkedHashMap<>();
        verdict.put("file", path);
        verdict.put("valid_signatures", simple.getValidSignaturesCount());
        verdict.put("signatures", signatures);
        return verdict;
    }

    private static Map<String, Object> signature(SimpleReport simple, SignatureWrapper wrapper) {
        String id = wrapper.getId();
        Map<String, Object> found = verdict(simple, id);
        found.put("level", simple.getSignatureFormat(id).toString());
        found.put("signed_by", simple.getSignedBy(id));
        found.put("covers", scopes(simple.getSignatureScopes(id)));
        addRevision(found, wrapper.getPDFRevision());
        List<Object> timestamps = new ArrayList<>();
        for (XmlTimestamp timestamp : simple.getSignatureTimestamps(id)) {
            Map<String, Object> stamped = verdict(simple, timestamp.getId());
            stamped.put("type", kind(wrapper, timestamp.getId()));
            stamped.put("produced_by", timestamp.getProducedBy());
            stamped.put("covers", scopes(timestamp.getTimestampScope()));
            timestamps.add(stamped);
        }
        found.put("timestamps", timestamps);
        return found;
    }

    private static Map<String, Object> verdict(SimpleReport simple, String id) {
        Map<String, Object> verdict = new LinkedHashMap<>();
        verdict.put("indication", String.valueOf(simple.getIndication(id)));
        verdict.put("sub_indication", simple.getSubIndication(id) == null ? null : simple.getSubIndication(id).name());
        verdict.put("errors", texts(simple.getAdESValidationErrors(id)));
        verdict.put("warnings", texts(simple.getAdESValidationWarnings(id)));
        return verdict;
    }

    private static void addRevision(Map<String, Object> found, PDFRevisionWrapper revision) {
        found.put("field", revision.getFirstFieldName());
        found.put("byte_range_valid", revision.isSignatureByteRangeValid());
        found.put("dictionary_consistent", revision.isPdfSignatureDictionaryConsistent());
        // What later revisions did: extensions and signatures are allowed, anything else is suspicious.
        found.put("extension_changes", changes(revision.getPdfExtensionChanges()));
        found.put("signature_changes", changes(revision.getPdfSignatureOrFormFillChanges()));
        found.put("annotation_changes", changes(revision.getPdfAnnotationChanges()));
        found.put("undefined_changes", changes(revision.getPdfUndefinedChanges()));
    }

    private static String kind(SignatureWrapper signature, String id) {
        for (TimestampWrapper timestamp : signature.getTimestampList()) {
            if (timestamp.getId().equals(id)) {
                return timestamp.getType().name();
            }
        }
        return null;
    }

    private static List<String> scopes(List<XmlSignatureScope> scopes) {
        return scopes.stream().map(scope -> scope.getScope().name()).toList();
    }

    private static List<String> texts(List<Message> messages) {
        return messages.stream().map(Message::getValue).toList();
    }

    private static List<String> changes(List<XmlObjectModification> changes) {
        return changes.stream().map(change -> change.getAction() + " " + change.getValue()).toList();
    }
}
