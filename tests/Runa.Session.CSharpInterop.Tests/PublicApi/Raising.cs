using System.Linq.Expressions;
using System.Reflection;

namespace CSharp.Tests.PublicApi;

/// <summary>Calls what raises, and looks into its documentation and its message.</summary>
internal static class Raising
{
    public static void Assert<T>(Type raises, Expression<Action<T>> call, T on, bool orDerived = false)
    {
        var compiled = call.Compile();
        Assert(raises, Method(call), () => compiled(on), orDerived);
    }

    public static void Assert(Type raises, MemberInfo member, Action call, bool orDerived = false)
    {
        var raised = Xunit.Record.Exception(call);
        Check(raises, member, raised is TargetInvocationException { InnerException: { } inner } ? inner : raised, orDerived);
    }

    /// <summary>In the task, not where it is called: all but what is wrong with an argument.</summary>
    public static async Task AssertAsync(Type raises, Expression<Func<Task>> call)
    {
        var compiled = call.Compile();
        Exception? raised;

        if (raises == typeof(ArgumentException) || raises == typeof(ArgumentOutOfRangeException))
        {
            raised = await Xunit.Record.ExceptionAsync(compiled);
        }
        else
        {
            var task = compiled();
            raised = await Xunit.Record.ExceptionAsync(() => task);
        }

        Check(raises, Method(call), raised, orDerived: false);
    }

    private static void Check(Type raises, MemberInfo member, Exception? raised, bool orDerived)
    {
        var id = Documentation.Id(member);

        if (!orDerived || !raises.IsInstanceOfType(raised))
        {
            Xunit.Assert.Equal($"{id}: {raises}", $"{id}: {raised?.GetType()}");
        }

        Xunit.Assert.True(Documentation.Raises(member, raised!.GetType()), $"{id} is not documented to raise {raised.GetType()}: {raised.Message}");
        Xunit.Assert.DoesNotMatch("useSession|withSession|withCodec|SetSession|GetSession|UpdateSessionAsync|SessionSetup|SessionKey\\.|handed back", raised.Message);
    }

    public static MethodInfo Method<T>(Expression<Action<T>> call) => Method((LambdaExpression)call);

    private static MethodInfo Method(LambdaExpression call)
    {
        var body = call.Body is UnaryExpression converted ? converted.Operand : call.Body;
        var method = ((MethodCallExpression)body).Method;
        return method.IsGenericMethod ? method.GetGenericMethodDefinition() : method;
    }
}
