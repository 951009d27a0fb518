using System.Linq.Expressions;
using CSharp.Tests.Drivers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Xunit;
using MemoryDriver = Runa.Session.MemoryDriver;

namespace CSharp.Tests.PublicApi;

/// <summary>What names and mistakes in the setup raise, and that the documentation of what was called says so.</summary>
public class SetupExceptionTests
{
    [Fact(DisplayName = "promise 23: the exceptions for an unknown name, and for a driver that cannot list or count, are documented")]
    public async Task Names()
    {
        await using var stage = await Stage.StartAsync();
        await using var cookie = await App.StartAsync(_ => { }, sessions => sessions.AddSession("web", web => web.Driver = "cookie"));
        var invalid = typeof(InvalidOperationException);
        var unsupported = typeof(NotSupportedException);

        await stage.RequestAsync(stage.NewBrowser(), async ctx =>
        {
            Raising.Assert(invalid, Raising.Method<HttpContext>(c => c.GetRunaSession("web")), () => ctx.GetRunaSession("web"));
            Raising.Assert(invalid, Raising.Method<HttpContext>(c => c.GetRunaSession("wbe")), () => ctx.GetRunaSession("wbe"));
            await Raising.AssertAsync(invalid, () => ctx.LoadRunaSessionAsync("wbe", default));
            await Raising.AssertAsync(invalid, () => ctx.UpdateRunaSessionAsync("wbe", s => s.Clear(), default));
            await Raising.AssertAsync(invalid, () => ctx.UpdateRunaSessionAsync("wbe", s => 1, default));
            await Raising.AssertAsync(typeof(ArgumentException), () => ctx.UpdateRunaSessionAsync("web", s => new ValueTask<int>(1), default));
            await Raising.AssertAsync(invalid, () => new DefaultHttpContext().LoadRunaSessionAsync("web", default));
        });

        await Raising.AssertAsync(invalid, () => stage.App.Sessions.ListAsync("wbe", "ada", default));
        await Raising.AssertAsync(invalid, () => stage.App.Sessions.FindAsync("wbe", "ada", "", default));
        await Raising.AssertAsync(invalid, () => stage.App.Sessions.RevokeAsync("wbe", "ada", "", default));
        await Raising.AssertAsync(invalid, () => stage.App.Sessions.RevokeOwnerAsync("wbe", "ada", default));
        await Raising.AssertAsync(invalid, () => stage.App.Sessions.RevokeAllAsync("wbe", default));
        await Raising.AssertAsync(invalid, () => stage.App.Sessions.CountAsync("wbe", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.ListAsync("web", "ada", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.FindAsync("web", "ada", "", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.RevokeAsync("web", "ada", "", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.RevokeOwnerAsync("web", "ada", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.RevokeAllAsync("web", default));
        await Raising.AssertAsync(unsupported, () => cookie.Sessions.CountAsync("web", default));

        await using var uncounted = await App.StartAsync(_ => { }, sessions => sessions
            .AddDriver("later", services => new LaterDriver(new DictionaryDriver(TimeProvider.System)))
            .AddSession("web", web => web.Driver = "later"));
        await Raising.AssertAsync(unsupported, () => uncounted.Sessions.CountAsync("web", default));
    }

    [Fact(DisplayName = "the exceptions that mistakes in the setup raise at once are documented")]
    public async Task Setup()
    {
        await using var stage = await Stage.StartAsync();
        var services = stage.App.Services;
        RunaSessionBuilder builder = null!;
        new ServiceCollection().AddRunaSession(made => builder = made);
        var argument = typeof(ArgumentException);

        Expression<Action<RunaSessionBuilder>>[] empty =
        [
            b => b.AddSession("", null),
            b => b.AddDriver("", new DictionaryDriver(TimeProvider.System)),
            b => b.AddDriver("", _ => new DictionaryDriver(TimeProvider.System)),
            b => b.AddDriver("", MemoryDriver.Create(TimeProvider.System)),
            b => b.AddDriver<DictionaryDriver>(""),
            b => b.AddMemoryDriver("", Nothing),
            b => b.AddSqlDriver("", Nothing),
            b => b.SetApplicationName(""),
            b => b.AddSecrets(App.Secret, new string[] { null! }),
        ];

        foreach (var call in empty)
        {
            Raising.Assert(argument, call, builder);
        }

        Raising.Assert(typeof(ArgumentOutOfRangeException), b => b.SetStoreTimeout(TimeSpan.Zero), builder);
        Raising.Assert(argument, app => app.UseRunaSession(""), (IApplicationBuilder)new ApplicationBuilder(services));
        Raising.Assert(argument, app => app.UseRunaSession(null!, "web"), (IApplicationBuilder)new ApplicationBuilder(services));
        Raising.Assert(argument, app => app.UseRunaAspNetSession("", null), (IApplicationBuilder)new ApplicationBuilder(services));
        Raising.Assert(argument, e => e.WithRunaSession(""), new Samples.Endpoints());
        Raising.Assert(typeof(InvalidOperationException), app => app.UseRunaSession("wbe"), (IApplicationBuilder)new ApplicationBuilder(services));
        Raising.Assert(typeof(InvalidOperationException), app => app.UseRunaAspNetSession("wbe", null), (IApplicationBuilder)new ApplicationBuilder(services));
        Raising.Assert(typeof(InvalidOperationException), o => o.ToSchema(), new SqlDriverOptions());
        Raising.Assert(argument, o => o.ToSchema(), new SqlDriverOptions { Dialect = SqlDialect.Sqlite, Table = "no name" });
        Raising.Assert(argument, o => o.ToSchema(), new SqlDriverOptions { Dialect = SqlDialect.Sqlite, Table = null! }, orDerived: true);

        await using var inMemory = SqliteFactory.Instance.CreateDataSource("Data Source=:memory:");
        await Raising.AssertAsync(typeof(InvalidOperationException), () => new SqlDriverOptions().EnsureSchemaAsync(inMemory, default));
        await Raising.AssertAsync(argument, () => new SqlDriverOptions { Table = "no name" }.EnsureSchemaAsync(inMemory, default));
        await Raising.AssertAsync(
            typeof(ArgumentOutOfRangeException),
            () => new SqlDriverOptions { PurgeBatch = 0 }.EnsureSchemaAsync(inMemory, default));
    }

    private static void Nothing<T>(T options)
    {
    }
}
