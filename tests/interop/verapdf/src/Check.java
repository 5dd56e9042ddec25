import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.RuleId;

/**
 * Checks documents against a PDF/A flavour by veraPDF; prints one JSON object a file, a line each.
 *
 * <pre>
 * Check [--flavour 2b] document.pdf…
 * Check --resident         the same arguments, a JSON array a line, from standard input
 * </pre>
 *
 * A file that cannot be read gives {"error": …}.
 */
public final class Check {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Check() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // What a library prints must not come between two answers.
        System.setOut(System.err);
        VeraGreenfieldFoundryProvider.initialise();
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
        PDFAFlavour flavour = PDFAFlavour.PDFA_2_B;
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).equals("--flavour")) {
                flavour = PDFAFlavour.fromString(arguments.get(++i));
            } else {
                paths.add(arguments.get(i));
            }
        }
        for (String path : paths) {
            Map<String, Object> verdict;
            try {
                verdict = check(path, flavour);
            } catch (Exception error) {
                error.printStackTrace();
                verdict = Map.of("file", path, "error", String.valueOf(error));
            }
            answers.println(JSON.writeValueAsString(verdict));
        }
    }

    private static Map<String, Object> check(String path, PDFAFlavour flavour) throws Exception {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(path), flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            Map<String, String> failed = new LinkedHashMap<>();
            for (TestAssertion assertion : result.getTestAssertions()) {
                if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                    RuleId rule = assertion.getRuleId();
                    failed.putIfAbsent(
                            rule.getClause() + " test " + rule.getTestNumber(),
                            assertion.getMessage() + " — at " + assertion.getLocation().getContext());
                }
            }
            Map<String, Object> verdict = new LinkedHashMap<>();
            verdict.put("file", path);
            verdict.put("flavour", flavour.getId());
            verdict.put("compliant", result.isCompliant());
            verdict.put("failed", failed);
            return verdict;
        }
    }
}
