using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Runa.Session.Tests.PublicApi;

/// <summary>Compiles C# as a user's project would, against what this process runs on.</summary>
internal static class Compiling
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
            using Runa.Session;

            public static class Test
            {
                public static async Task Run(HttpContext ctx, RunaSession session)
                {
                    await Task.Yield();
                    {{body}}
                }
            }
            """);

    private static IReadOnlyList<string> Source(string source) =>
        [.. CSharpCompilation
            .Create("test", [CSharpSyntaxTree.ParseText(source)], s_references, s_options)
            .GetDiagnostics()
            .Where(found => found.Severity >= DiagnosticSeverity.Warning)
            .Select(found => $"{found.Id}: {found.GetMessage(null)}")];
}
