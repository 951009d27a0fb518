using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The C# that docs/run/drivers.md shows is the C# that is compiled and put through the suite here.</summary>
public class DriversPageTests
{
    [Fact(DisplayName = "the driver that the drivers' page shows is the one that holds the promises here")]
    public void Driver()
    {
        foreach (var file in new[] { "DictionaryDriver.cs", "DictionaryDriver.Owners.cs" })
        {
            var source = Read(file);
            Assert.Contains(source[(source.IndexOf(';') + 1)..].Trim(), Read("drivers.md"));
        }
    }

    [Fact(DisplayName = "the registrations that the drivers' page shows compile")]
    public void Registering()
    {
        var compiled = Unindented(Read("DriversPage.cs"));
        var shown = Read("drivers.md").Split("```csharp\n").Skip(1).Select(rest => rest.Split("```")[0]).Where(code => code.StartsWith("builder")).ToList();

        Assert.Equal(2, shown.Count);
        Assert.All(shown, code => Assert.Contains(Unindented(code), compiled));
    }

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(DriversPageTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
