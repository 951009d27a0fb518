using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace CSharp.Tests.PublicApi;

/// <summary>Compiles C# as a user's project would, against what this process runs on.</summary>
internal static partial class Compiling
{
    private static readonly IReadOnlyList<MetadataReference> s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    private static readonly CSharpCompilationOptions s_options = new(
        OutputKind.DynamicallyLinkedLibrary,
        nullableContextOptions: NullableContextOptions.Enable);

    /// <summary>Errors and warnings of an endpoint's body, which has a `ctx` and a `session`.</summary>
    public static IReadOnlyList<string> Body(string body) =>
        Source($$"""
            using System;
            using System.Threading.Tasks;
            using Microsoft.AspNetCore.Http;
            using Runa;

            public static class Test
            {
                public static async Task Run(HttpContext ctx, RunaSession session)
                {
                    await Task.Yield();
                    {{body}}
                }
            }
            """);

    /// <summary>
    /// Errors of a block of documentation, as Program.cs of a web project: with the usings that such a project has, and with
    /// what the blocks before it made.
    /// </summary>
    public static IReadOnlyList<string> Program(string block)
    {
        const string Usings = """
            global using System;
            global using System.Collections.Generic;
            global using System.IO;
            global using System.Linq;
            global using System.Net.Http;
            global using System.Net.Http.Json;
            global using System.Threading;
            global using System.Threading.Tasks;
            global using Microsoft.AspNetCore.Builder;
            global using Microsoft.AspNetCore.Hosting;
            global using Microsoft.AspNetCore.Http;
            global using Microsoft.AspNetCore.Routing;
            global using Microsoft.Extensions.Configuration;
            global using Microsoft.Extensions.DependencyInjection;
            global using Microsoft.Extensions.Hosting;
            global using Microsoft.Extensions.Logging;
            global using Runa;

            """;

        string Made(string name, string declaration) =>
            block.Contains($"{name} = ", StringComparison.Ordinal) ? "" : declaration;

        var before =
            Made("var builder", "var builder = WebApplication.CreateBuilder(args);\n")
            + Made("var app", "var app = builder.Build();\n")
            + (Uses().IsMatch(block) ? "RunaSession session = null!;\n" : "");

        static bool IsUsing(string line) => Directive().IsMatch(line);
        var usings = string.Join('\n', block.Split('\n').Where(IsUsing));
        var rest = string.Join('\n', block.Split('\n').Where(line => !IsUsing(line)));
        return [.. Source($"{Usings}{usings}\n{before}{rest}", s_program).Where(found => !s_fine.Any(found.StartsWith))];
    }

    // A name that is not used, a using twice, a member that nobody calls, a Program beside that of these tests: fine where
    // something is shown. CS1701, a package that was built for an older .NET: every project leaves it out.
    private static readonly string[] s_fine =
        ["CS1701", "CS0105", "CS0219", "CS0168", "CS8321", "CS0162", "CS8933", "CS7022", "CS0436"];

    private static readonly CSharpCompilationOptions s_program = s_options.WithOutputKind(OutputKind.ConsoleApplication);

    [GeneratedRegex(@"^session\.|= session\.", RegexOptions.Multiline)]
    private static partial Regex Uses();

    /// <summary>A namespace or an alias; no variable that is disposed of.</summary>
    [GeneratedRegex(@"^using (\w+ = )?[\w.]+;$")]
    private static partial Regex Directive();

    /// <summary>Errors and warnings of these files of a library.</summary>
    public static IReadOnlyList<string> Files(params string[] sources) => Errors(sources, s_options);

    private static IReadOnlyList<string> Source(string source, CSharpCompilationOptions? options = null) =>
        Errors([source], options ?? s_options);

    private static IReadOnlyList<string> Errors(string[] sources, CSharpCompilationOptions options) =>
        [.. CSharpCompilation
            .Create("test", [.. sources.Select(source => CSharpSyntaxTree.ParseText(source))], s_references, options)
            .GetDiagnostics()
            .Where(found => found.Severity >= DiagnosticSeverity.Warning)
            .Select(found => $"{found.Id}: {found.GetMessage(null)}")];
}
