using System.Reflection;
using Xunit;

namespace Runa.Session.Tests.Drivers;

public class DriverSurfaceTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact(DisplayName = "no public signature of the package has a type of FSharp.Core")]
    public void NoFSharp()
    {
        var members =
            from type in typeof(RunaSession).Assembly.GetExportedTypes()
            from member in type.GetMembers(All)
            select $"{type.Name}: {member}";

        Assert.DoesNotContain(members, member => member.Contains("FSharp"));
    }
}
