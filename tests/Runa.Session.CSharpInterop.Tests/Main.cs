using System.Globalization;
using System.Xml.Linq;
using Xunit.Runner.InProc.SystemConsole;

// Runs all tests of this assembly, then names those that were skipped or failed and prints the tally that the build adds up.
var results = Path.Combine(Path.GetTempPath(), $"runa-session-{Guid.NewGuid():N}.xml");

try
{
    var exitCode = await ConsoleRunner.Run([.. Translate(args), "-result-xml", results, "-noLogo", .. Console.IsOutputRedirected ? new[] { "-noColor" } : []]);

    if (File.Exists(results))
    {
        Report(XDocument.Load(results));
    }

    return exitCode;
}
finally
{
    File.Delete(results);
}

// The build gives every test program the same arguments, which are Expecto's.
static IEnumerable<string> Translate(string[] args)
{
    for (var i = 0; i < args.Length; i++)
    {
        if (args[i] == "--filter-test-list" && i + 1 < args.Length)
        {
            yield return "-class";
            yield return $"*{args[++i]}*";
        }
        else
        {
            yield return args[i];
        }
    }
}

static void Report(XDocument results)
{
    IEnumerable<XElement> Ended(string result) =>
        results.Descendants("test").Where(test => (string?)test.Attribute("result") == result);

    foreach (var test in Ended("Skip"))
    {
        Console.WriteLine($"skipped: {(string?)test.Attribute("name")} ({(string?)test.Element("reason")})");
    }

    foreach (var test in Ended("Fail"))
    {
        Console.WriteLine($"failed: {(string?)test.Attribute("name")} ({OneLine((string?)test.Element("failure")?.Element("message"))})");
    }

    int Sum(string count) => results.Descendants("assembly").Sum(assembly => Parse((string?)assembly.Attribute(count)));
    Console.WriteLine($"{Sum("passed")} passed, {Sum("failed") + Sum("errors")} failed, {Sum("skipped")} skipped");
}

static string OneLine(string? text) =>
    string.Join(" | ", (text ?? "").Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

static int Parse(string? count) => int.Parse(count ?? "0", CultureInfo.InvariantCulture);
