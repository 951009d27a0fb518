using System.Text.RegularExpressions;
using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>The C# that the documentation shows compiles.</summary>
public partial class DocsTests
{
    public static TheoryData<string, int, string> Blocks()
    {
        var blocks = new TheoryData<string, int, string>();
        var docs = Path.Combine(Repository.Root, "docs");

        // This page shows files of this project, with which WritingDriverTests compares it.
        var files = Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Where(file => Path.GetFileName(file) != "writing-a-driver.md")
            .Order(StringComparer.Ordinal);

        // A part of the sample is compiled there, where the generator of JsonSerializerContext runs.
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "CSharpAot", "Program.cs")).ReplaceLineEndings("\n");

        foreach (var file in files)
        {
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");

            foreach (Match block in Block().Matches(text))
            {
                var line = text.AsSpan(0, block.Index).Count('\n') + 1;

                if (!sample.Contains(block.Groups[1].Value.Trim(), StringComparison.Ordinal))
                {
                    blocks.Add(Path.GetFileName(file), line, block.Groups[1].Value);
                }
            }
        }

        return blocks;
    }

    [Theory(DisplayName = "every block of C# in the documentation compiles")]
    [MemberData(nameof(Blocks))]
    public void Compiles(string file, int line, string block) => Assert.Equal([], Compiling.Program(block).Select(found => $"{file}({line}): {found}"));

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
