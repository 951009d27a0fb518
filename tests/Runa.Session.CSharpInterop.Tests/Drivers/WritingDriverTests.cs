using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The C# that docs/understand/writing-a-driver.md shows is compiled and put through the suite here.</summary>
public class WritingDriverTests
{
    private const string Page = "writing-a-driver.md";

    [Fact(DisplayName = "the driver that the page shows is the one that holds the promises here")]
    public void Driver()
    {
        foreach (var file in new[] { "DictionaryDriver.cs", "DictionaryDriver.Owners.cs", "DictionaryDriver.Counting.cs" })
        {
            var source = Read(file);
            Assert.Contains(source[(source.IndexOf(';') + 1)..].Trim(), Read(Page));
        }
    }

    [Fact(DisplayName = "the registration that the page shows compiles")]
    public void Registering()
    {
        var compiled = Unindented(Read("WritingDriverPage.cs"));
        var shown = Read(Page).Split("```csharp\n").Skip(1).Select(rest => rest.Split("```")[0]).Where(code => code.StartsWith("builder"));
        Assert.Contains(Unindented(Assert.Single(shown)), compiled);
    }

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(WritingDriverTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
