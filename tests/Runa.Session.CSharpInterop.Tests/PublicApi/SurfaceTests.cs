using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Microsoft.FSharp.Core;
using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>What IntelliSense shows.</summary>
public class SurfaceTests
{
    private static readonly Assembly s_package = typeof(RunaSession).Assembly;

    [Fact(DisplayName = "no public signature of the C# package has a type of F#")]
    public void NoFSharp()
    {
        var signatures = s_package.GetExportedTypes().SelectMany(Types).ToList();
        Assert.NotEmpty(signatures);
        Assert.DoesNotContain(signatures, type => type.Namespace?.StartsWith("Microsoft.FSharp", StringComparison.Ordinal) == true);
    }

    [Theory(DisplayName = "no public signature of the exceptions, the key, and the other types that C# meets has a type of F#")]
    [InlineData(typeof(SessionConfigurationException))]
    [InlineData(typeof(SessionStoreException))]
    [InlineData(typeof(SessionConflictException))]
    [InlineData(typeof(SessionTooLargeException))]
    [InlineData(typeof(SessionKey<int>))]
    [InlineData(typeof(Codec<int>))]
    [InlineData(typeof(SessionTomlExtensions))]
    public void NoFSharpThere(Type type) =>
        Assert.DoesNotContain(Types(type), found => found.Namespace?.StartsWith("Microsoft.FSharp", StringComparison.Ordinal) == true);

    [Fact(DisplayName = "the namespace Runa has no module, record or union of F#, and no type of F# in a public signature")]
    public void NoFSharpInNamespace()
    {
        Assert.Contains(typeof(SessionKey<>), Namespaces.Runa);
        Assert.Contains(typeof(SessionStoreException), Namespaces.Runa);
        Assert.DoesNotContain(Namespaces.Runa, type => !type.GetCustomAttributes<CompilationMappingAttribute>().All(IsClass));
        Assert.DoesNotContain(
            Namespaces.Runa.SelectMany(Types),
            type => type.Namespace?.StartsWith("Microsoft.FSharp", StringComparison.Ordinal) == true);

        static bool IsClass(CompilationMappingAttribute mapping) =>
            (mapping.SourceConstructFlags & SourceConstructFlags.KindMask) == SourceConstructFlags.ObjectType;
    }

    [Fact(DisplayName = "signatures in the namespace Runa use two types of the F# library, which C# passes on without naming them")]
    public void PassedOn() =>
        Assert.Equal(
            ["RedisDriverOptions", "SessionDriver"],
            Namespaces.Runa.SelectMany(Types).Where(type => type.Namespace == Namespaces.FSharp).Select(type => type.Name).Distinct().Order());

    [Fact(DisplayName = "every public type of the C# package is in the namespace Runa, or an extension class in one of the framework's")]
    public void WhereItIs() =>
        Assert.All(
            s_package.GetExportedTypes(),
            type => Assert.True(type.Namespace == "Runa" || (type.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal) && type is { IsAbstract: true, IsSealed: true }), type.FullName));

    [Fact(DisplayName = "every public type and member of the C# package is documented")]
    public void Documented()
    {
        var documentation = Path.ChangeExtension(s_package.Location, "xml");
        var documented = XDocument.Load(documentation)
            .Descendants("member")
            .Where(member => member.HasElements)
            .Select(member => ((string)member.Attribute("name")!).Split('(')[0])
            .ToHashSet(StringComparer.Ordinal);

        var members =
            from type in s_package.GetExportedTypes()
            from name in Names(type)
            select name;

        Assert.Empty(members.Where(name => !documented.Contains(name)).Distinct());
    }

    /// <summary>The ids of a type and its members in its documentation, without their parameters.</summary>
    private static IEnumerable<string> Names(Type type)
    {
        var full = type.FullName!.Replace('+', '.');
        yield return $"T:{full}";

        foreach (var member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
        {
            switch (member)
            {
                case PropertyInfo:
                    yield return $"P:{full}.{member.Name}";
                    break;
                case FieldInfo { IsSpecialName: false }:
                    yield return $"F:{full}.{member.Name}";
                    break;
                case MethodInfo { IsSpecialName: false } method:
                    var arity = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
                    yield return $"M:{full}.{method.Name}{arity}";
                    break;
            }
        }
    }

    /// <summary>Every type in the signatures of a type's public members, generic arguments too.</summary>
    private static IEnumerable<Type> Types(Type type)
    {
        var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly);

        var direct = members.SelectMany(member => member switch
        {
            MethodInfo method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType),
            ConstructorInfo made => made.GetParameters().Select(p => p.ParameterType),
            PropertyInfo property => [property.PropertyType],
            FieldInfo field => [field.FieldType],
            _ => Enumerable.Empty<Type>(),
        });

        return direct
            .Concat(type.GetInterfaces())
            .Append(type.BaseType ?? typeof(object))
            .SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];
}
