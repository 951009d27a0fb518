using System.Reflection;

namespace CSharp.Tests.PublicApi;

/// <summary>The public types of the library's packages, by namespace.</summary>
internal static class Namespaces
{
    public const string FSharp = "Runa.Session";

    private static readonly Type[] s_types =
        [.. Assemblies(typeof(RunaSession).Assembly, typeof(RedisDriver).Assembly).SelectMany(assembly => assembly.GetExportedTypes())];

    /// <summary>What an application of C# sees by <c>using Runa;</c>.</summary>
    public static IReadOnlyList<Type> Runa { get; } = [.. s_types.Where(type => type.Namespace == nameof(Runa))];

    /// <summary>The names that an application of F# sees by <c>open Runa.Session</c>, and one of C# does not.</summary>
    public static IReadOnlyList<string> NamesOfFSharp { get; } =
        [.. s_types
            .Where(type => type is { Namespace: FSharp, IsNested: false, IsGenericType: false })
            .Select(type => type.Name)
            .Except(Runa.Select(type => type.Name))
            .Distinct()
            .Order(StringComparer.Ordinal)];

    /// <summary>These assemblies, and those of the library that they are made of.</summary>
    private static IEnumerable<Assembly> Assemblies(params Assembly[] roots)
    {
        var found = new HashSet<Assembly>();
        var next = new Queue<Assembly>(roots);

        while (next.TryDequeue(out var assembly))
        {
            if (found.Add(assembly))
            {
                foreach (var name in assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Runa.", StringComparison.Ordinal)))
                {
                    next.Enqueue(Assembly.Load(name));
                }
            }
        }

        return found;
    }
}
