using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>What every public method does with null and with a token, and what it says of it in its documentation.</summary>
public class ArgumentTests
{
    private static readonly NullabilityInfoContext s_nullability = new();

    // What an application implements is called by the library, which gives it what its signature asks for.
    private static readonly IReadOnlyList<MethodBase> s_methods =
        [.. from type in typeof(RunaSession).Assembly.GetExportedTypes()
            where !type.IsInterface && !type.IsEnum
            from method in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>()
            where !IsMade(method)
            select method];

    public static TheoryData<string, string> References
    {
        get
        {
            var all = new TheoryData<string, string>();

            foreach (var method in s_methods)
            {
                foreach (var parameter in method.GetParameters().Where(MayNotBeNull))
                {
                    all.Add(Documentation.Id(method), parameter.Name!);
                }
            }

            return all;
        }
    }

    public static TheoryData<string> Async => [.. s_methods.Where(IsAsync).Select(Documentation.Id)];

    [Theory(DisplayName = "an argument that is null raises ArgumentNullException with its name, and is documented to"), MemberData(nameof(References))]
    public async Task Null(string id, string parameter)
    {
        var method = Find(id);
        await using var services = Services();
        var e = await Assert.ThrowsAsync<ArgumentNullException>(() => Invoke(services, method, p => p.Name == parameter, null));
        Assert.Equal(parameter, e.ParamName);
        Assert.Contains("System.ArgumentNullException", Documentation.Exceptions(method));
    }

    [Theory(DisplayName = "every async method has an optional token as its last parameter, and documents OperationCanceledException"), MemberData(nameof(Async))]
    public void TakesAToken(string id)
    {
        var method = Find(id);
        var last = method.GetParameters()[^1];
        Assert.Equal((typeof(CancellationToken), "cancellationToken", true), (last.ParameterType, last.Name, last.IsOptional));
        Assert.Contains("System.OperationCanceledException", Documentation.Exceptions(method));
        Assert.EndsWith("Async", method.Name, StringComparison.Ordinal);
        Assert.True(typeof(Task).IsAssignableFrom(((MethodInfo)method).ReturnType));
    }

    [Theory(DisplayName = "a token that is cancelled before the call ends it with OperationCanceledException, in the task"), MemberData(nameof(Async))]
    public async Task CancelledBefore(string id)
    {
        var cancelled = new CancellationToken(canceled: true);
        await using var services = Services();
        var task = (Task)Call(services, Find(id), p => p.ParameterType == typeof(CancellationToken), cancelled)!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
    }

    [Fact(DisplayName = "these tests look at all methods of the package")]
    public void All()
    {
        Assert.True(s_methods.Count > 60, $"{s_methods.Count}");
        Assert.Equal(21, s_methods.Count(IsAsync));
    }

    private static MethodBase Find(string id) => s_methods.Single(method => Documentation.Id(method) == id);

    private static bool IsAsync(MethodBase method) =>
        method is MethodInfo made
        && (typeof(Task).IsAssignableFrom(made.ReturnType) || made.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal))
        && !method.IsDefined(typeof(ObsoleteAttribute))

        // Its signature is the framework's, and it waits for nothing.
        && method.Name != nameof(RunaSession.BindAsync);

    /// <summary>Made by the compiler, an accessor, or not for use.</summary>
    private static bool IsMade(MethodBase method) =>
        (method.IsSpecialName && !method.IsConstructor)
        || method.IsDefined(typeof(CompilerGeneratedAttribute))
        || method.IsDefined(typeof(ObsoleteAttribute))
        || method.DeclaringType == typeof(OwnerEpoch)
        || method.Name is nameof(Equals) or nameof(GetHashCode) or nameof(ToString);

    private static bool MayNotBeNull(ParameterInfo parameter) =>
        !parameter.ParameterType.IsValueType
        && !parameter.IsOut
        && parameter.ParameterType is { IsByRef: false, IsGenericParameter: false }
        && s_nullability.Create(parameter).WriteState == NullabilityState.NotNull;

    private static async Task Invoke(IServiceProvider services, MethodBase method, Func<ParameterInfo, bool> which, object? value)
    {
        if (Call(services, method, which, value) is Task task)
        {
            await task;
        }
    }

    private static object? Call(IServiceProvider services, MethodBase method, Func<ParameterInfo, bool> which, object? value)
    {
        var samples = new Samples(services);
        var closed = Samples.Closed(method);
        var arguments = closed.GetParameters().Select(p => which(p) ? value : samples.Argument(p)).ToArray();

        try
        {
            return closed is ConstructorInfo constructor ? constructor.Invoke(arguments)
                : closed.Invoke(closed.IsStatic ? null : samples.Instance(closed.DeclaringType!), arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }

    private static ServiceProvider Services()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddRunaSession(sessions => sessions.AddSecrets(App.Secret));
        return services.BuildServiceProvider();
    }
}
