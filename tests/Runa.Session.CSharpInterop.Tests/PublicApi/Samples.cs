using System.Data.Common;
using System.Reflection;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CSharp.Tests.Codecs;
using CSharp.Tests.Drivers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using MemoryDriver = Runa.Session.MemoryDriver;
using SessionDriver = Runa.Session.SessionDriver;
using SessionRegistry = Runa.Session.SessionRegistry;

namespace CSharp.Tests.PublicApi;

/// <summary>An object of each type that a public signature asks for.</summary>
internal sealed class Samples(IServiceProvider services)
{
    /// <summary>With types in the places of its own.</summary>
    public static MethodBase Closed(MethodBase method) =>
        method is MethodInfo { IsGenericMethodDefinition: true } generic
            ? generic.MakeGenericMethod([.. generic.GetGenericArguments().Select(TypeFor)])
            : method;

    public object Instance(Type type) =>
        type == typeof(RunaSession) ? Session()
        : type == typeof(RunaSessions) ? services.GetRequiredService<RunaSessions>()
        : type == typeof(RunaComponentSessions) ? new RunaComponentSessions(
            services.GetRequiredService<SessionRegistry>(), new HttpContextAccessor { HttpContext = Context() })
        : type == typeof(RunaSessionBuilder) ? Builder()
        : type == typeof(SqlDriverOptions) ? new SqlDriverOptions { Dialect = SqlDialect.Sqlite }
        : Activator.CreateInstance(type)!;

    /// <summary>What each parameter is given, unless it is given something else.</summary>
    public object? Argument(ParameterInfo parameter)
    {
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;

        return type switch
        {
            _ when type == typeof(CancellationToken) => CancellationToken.None,
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(1),
            _ when type.IsValueType => parameter.HasDefaultValue ? parameter.DefaultValue : Activator.CreateInstance(type),
            _ when type == typeof(string) => parameter.Name is "secret" ? App.Secret : "web",
            _ when type == typeof(string[]) => Array.Empty<string>(),
            _ when type == typeof(HttpContext) => Context(),
            _ when type == typeof(IApplicationBuilder) => new ApplicationBuilder(services),
            _ when type == typeof(IServiceCollection) => new ServiceCollection(),
            _ when type == typeof(IRazorComponentsBuilder) => new ServiceCollection().AddRazorComponents(),
            _ when type == typeof(IServerSideBlazorBuilder) => new ServiceCollection().AddServerSideBlazor(),
            _ when type == typeof(IConfiguration) => new ConfigurationBuilder().Build(),
            _ when type == typeof(RunaSession) => Session(),
            _ when type == typeof(ParameterInfo) => parameter,
            _ when type == typeof(DbDataSource) => SqliteFactory.Instance.CreateDataSource("Data Source=unused.db"),
            _ when type == typeof(JsonSerializerOptions) => new JsonSerializerOptions(),
            _ when type == typeof(JsonSerializerContext) => ShopJson.Default,
            _ when type == typeof(JsonTypeInfo<int>) => ShopJson.Default.Int32,
            _ when type == typeof(ClaimsPrincipal) => new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, "ada")])),
            _ when type == typeof(TimeProvider) => TimeProvider.System,
            _ when type == typeof(ISessionDriver) => new DictionaryDriver(TimeProvider.System),
            _ when type == typeof(SessionDriver) => MemoryDriver.Create(TimeProvider.System),
            _ when typeof(IEndpointConventionBuilder).IsAssignableFrom(type) => new Endpoints(),
            _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(SessionKey<>) => Activator.CreateInstance(type, "key"),
            _ when typeof(Delegate).IsAssignableFrom(type) => Function(type),
            _ when type.IsGenericType => null,
            _ => throw new NotSupportedException($"No sample of {type}."),
        };
    }

    /// <summary>A request of somebody without a session.</summary>
    public DefaultHttpContext Context() => new() { RequestServices = services };

    private RunaSession Session() => Context().LoadRunaSessionAsync().GetAwaiter().GetResult();

    private static RunaSessionBuilder Builder()
    {
        RunaSessionBuilder? made = null;
        new ServiceCollection().AddRunaSession(builder => made = builder);
        return made!;
    }

    private static Type TypeFor(Type parameter) =>
        parameter.GetGenericParameterConstraints() switch
        {
            [var type, ..] when type == typeof(IEndpointConventionBuilder) => typeof(Endpoints),
            [var type, ..] when type == typeof(ISessionDriver) => typeof(DictionaryDriver),
            _ => typeof(int),
        };

    /// <summary>A function of this type that answers the default.</summary>
    private static Delegate Function(Type type)
    {
        var invoke = type.GetMethod("Invoke")!;
        var parameters = invoke.GetParameters().Select(p => System.Linq.Expressions.Expression.Parameter(p.ParameterType)).ToArray();
        return System.Linq.Expressions.Expression.Lambda(type, System.Linq.Expressions.Expression.Default(invoke.ReturnType), parameters).Compile();
    }

    internal sealed class Endpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
