using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Runa.Session.Tests.PublicApi;

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
