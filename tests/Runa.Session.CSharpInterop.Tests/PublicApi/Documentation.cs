using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace CSharp.Tests.PublicApi;

/// <summary>The XML documentation of the C# package, by member.</summary>
internal static class Documentation
{
    private static readonly Dictionary<string, XElement> s_members =
        XDocument.Load(Path.ChangeExtension(typeof(RunaSession).Assembly.Location, "xml"))
            .Descendants("member")
            .ToDictionary(member => (string)member.Attribute("name")!, StringComparer.Ordinal);

    /// <summary>The exceptions that a member is documented to raise, inherited ones too: "System.ArgumentException".</summary>
    public static IReadOnlySet<string> Exceptions(MemberInfo member) =>
        Elements(Id(member)).Where(element => element.Name == "exception").Select(Cref).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether it is documented to raise this, or what it derives from.</summary>
    public static bool Raises(MemberInfo member, Type exception)
    {
        var documented = Exceptions(member);

        for (var type = exception; type is not null && type != typeof(Exception) && type != typeof(SystemException); type = type.BaseType)
        {
            if (documented.Contains(type.FullName!))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Its id in the documentation: "M:Runa.RunaSession.CommitAsync(System.Threading.CancellationToken)".</summary>
    public static string Id(MemberInfo member)
    {
        var type = member.DeclaringType!.FullName!.Replace('+', '.');

        return member switch
        {
            PropertyInfo property => $"P:{type}.{property.Name}",
            MethodBase method => $"M:{type}.{(method.IsConstructor ? "#ctor" : method.Name)}{Arity(method)}{Parameters(method)}",
            _ => throw new ArgumentException("Neither a property nor a method.", nameof(member)),
        };
    }

    private static string Arity(MethodBase method) => method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";

    private static string Parameters(MethodBase method)
    {
        var all = method.GetParameters();
        return all.Length == 0 ? "" : $"({string.Join(',', all.Select(parameter => Name(parameter.ParameterType)))})";
    }

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!) + "@";
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (type.IsGenericMethodParameter)
        {
            return $"``{type.GenericParameterPosition}";
        }

        if (!type.IsGenericType)
        {
            return type.FullName!.Replace('+', '.');
        }

        var name = new StringBuilder(type.GetGenericTypeDefinition().FullName!.Split('`')[0].Replace('+', '.'));
        return name.Append('{').AppendJoin(',', type.GetGenericArguments().Select(Name)).Append('}').ToString();
    }

    private static IEnumerable<XElement> Elements(string id)
    {
        if (!s_members.TryGetValue(id, out var member))
        {
            throw new InvalidOperationException($"{id} is not documented.");
        }

        foreach (var element in member.Elements())
        {
            if (element.Name != "inheritdoc")
            {
                yield return element;
            }
            else if ((string?)element.Attribute("cref") is { } cref && s_members.ContainsKey(cref))
            {
                // A path leaves of what is inherited what it says: "/exception".
                var path = (string?)element.Attribute("path");

                foreach (var inherited in Elements(cref).Where(found => path is null || path == $"/{found.Name}"))
                {
                    yield return inherited;
                }
            }
        }
    }

    private static string Cref(XElement exception) => ((string)exception.Attribute("cref")!).Split(':', 2)[1];
}
