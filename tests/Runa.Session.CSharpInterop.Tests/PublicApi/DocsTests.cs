using System.Text.RegularExpressions;
using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>The C# that the documentation shows compiles.</summary>
public partial class DocsTests
{
    public static TheoryData<string, int, string> Blocks()
    {
        var blocks = new TheoryData<string, int, string>();
        // README.md, the pages of docs, and the packages' own pages.
        var files = new[] { "docs", "src", "tests", "templates" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories))
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Where(file => !Built().IsMatch(Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')))
            .Order(StringComparer.Ordinal);

        // Parts of files that are compiled: of the sample, where the generator of JsonSerializerContext runs, and of this project.
        var compiled = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "Runa.Session.CSharpInterop.Tests", "Drivers"), "DictionaryDriver*.cs")
            .Append(Path.Combine(Repository.Root, "samples", "CSharpAot", "Program.cs"))
            .Select(file => File.ReadAllText(file).ReplaceLineEndings("\n"))
            .ToList();

        foreach (var file in files)
        {
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");

            foreach (Match block in Block().Matches(text))
            {
                var (context, code) = (block.Groups["context"].Value, block.Groups["code"]);
                var line = text.AsSpan(0, code.Index).Count('\n');

                if (!compiled.Exists(source => source.Contains(code.Value.Trim(), StringComparison.Ordinal)))
                {
                    blocks.Add(Path.GetRelativePath(Repository.Root, file), line, context + code.Value);
                }
            }
        }

        return blocks;
    }

    [Theory(DisplayName = "every block of C# in the documentation compiles")]
    [MemberData(nameof(Blocks))]
    public void Compiles(string file, int line, string block) => Assert.Equal([], Compiling.Program(block).Select(found => $"{file}({line}): {found}"));

    [Fact(DisplayName = "the C# of the packages' own pages is compiled, too")]
    public void Packages() =>
        Assert.Equal(
            ["src/Runa.Session.CSharpInterop/README.md", "src/Runa.Session.Redis/README.md", "src/Runa.Session.Testing/README.md", "tests/Runa.Session.Conformance/README.md"],
            Blocks().Select(row => row.Data.Item1.Replace('\\', '/')).Where(file => !file.StartsWith("docs/", StringComparison.Ordinal) && file != "README.md").Distinct());

    /// <summary>What a block takes for granted stands in a comment before it, which readers do not see.</summary>
    [GeneratedRegex("(?:^<!-- context-csharp\n(?<context>(?:(?!-->).)*)^-->\n+)?^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex Built();
}
