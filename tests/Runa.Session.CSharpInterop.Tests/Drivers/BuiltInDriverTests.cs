using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The drivers of the library, chosen and set up from C#.</summary>
public class BuiltInDriverTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runa-csharp-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(DisplayName = "promise 26: the memory driver keeps to its limits, and evicts sessions without an owner first")]
    public async Task MemoryBounds()
    {
        await using var app = await App.StartAsync(Map, sessions => sessions.AddMemoryDriver("memory", o => o.MaxSessions = 5));
        var alice = app.NewBrowser();
        await alice.GetAsync("/in");

        var strangers = Enumerable.Range(0, 20).Select(_ => app.NewBrowser()).ToList();

        foreach (var stranger in strangers)
        {
            await stranger.GetAsync("/count");
        }

        var remembered = 0;

        foreach (var stranger in strangers)
        {
            remembered += (await stranger.GetAsync("/")).Body == "1" ? 1 : 0;
        }

        Assert.InRange(remembered, 1, 4);
        Assert.Equal("alice", (await alice.GetAsync("/who")).Body);
    }

    [Fact(DisplayName = "a memory driver may have another name; one without room for a session is refused")]
    public async Task MemoryDrivers()
    {
        await using var app = await App.StartAsync(Map, sessions => sessions
            .AddMemoryDriver("small", o => o.MaxBytes = 1_000_000)
            .AddSession("web", o => o.Driver = "small"));
        var browser = app.NewBrowser();
        await browser.GetAsync("/count");
        Assert.Equal("1", (await browser.GetAsync("/")).Body);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => App.StartAsync(Map, sessions => sessions.AddMemoryDriver("memory", o => o.MaxBytes = 0)));
    }

    [Fact(DisplayName = "promise 25: sessions in a table of SQLite, with options of the application's, outlive the application")]
    public async Task Sql()
    {
        var file = Path.Combine(_folder, "sessions.db");
        Browser browser;

        await using (var app = await StartAsync())
        {
            browser = app.NewBrowser();
            await browser.GetAsync("/count");
            Assert.Equal("1", (await browser.GetAsync("/")).Body);
        }

        await using (var app = await StartAsync())
        {
            var again = app.NewBrowser();
            again.Cookies[browser.Cookies.Keys.Single()] = browser.Cookies.Values.Single();
            Assert.Equal("1", (await again.GetAsync("/")).Body);
            await again.GetAsync("/in");
            Assert.Single(await app.Sessions.ListAsync("web", "alice", TestContext.Current.CancellationToken));
        }

        await using var connection = new SqliteConnection($"Data Source={file}");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from shop_sessions";
        Assert.Equal(2L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));

        Task<App> StartAsync() => App.StartAsync(
            Map,
            sessions => sessions
                .AddSqlDriver("sessions", o =>
                {
                    o.Table = "shop_sessions";
                    o.EnsureSchema = true;
                    o.PurgeBatch = 10;
                    o.BusyTimeout = TimeSpan.FromSeconds(5);
                    o.SyncEachWrite = true;
                })
                .AddSession("web", o => o.Driver = "sessions"),
            services => services.AddSingleton<DbDataSource>(SqliteFactory.Instance.CreateDataSource($"Data Source={file}")));
    }

    [Fact(DisplayName = "promise 23: a mistake in the options of a SQL driver keeps the application from starting, and is named")]
    public async Task SqlMistakes()
    {
        var missing = await Assert.ThrowsAsync<SessionConfigurationException>(() =>
            App.StartAsync(Map, sessions => sessions.AddSqlDriver("sql", o => o.EnsureSchema = true).AddSession("web", o => o.Driver = "sql")));
        Assert.Contains("DbDataSource", missing.Message);

        var batch = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => App.StartAsync(
            Map,
            sessions => sessions.AddSqlDriver("sql", o => o.PurgeBatch = 0).AddSession("web", o => o.Driver = "sql"),
            services => services.AddSingleton<DbDataSource>(SqliteFactory.Instance.CreateDataSource("Data Source=x.db"))));
        Assert.Contains("PurgeBatch", batch.Message);
    }

    [Fact(DisplayName = "the SQL of the table is available for migrations, in the chosen dialect, and a script can create the table")]
    public async Task Schema()
    {
        Assert.Contains("shop_sessions", new SqlDriverOptions { Table = "shop_sessions", Dialect = SqlDialect.Sqlite }.ToSchema());
        Assert.NotEqual(
            new SqlDriverOptions { Dialect = SqlDialect.Sqlite }.ToSchema(),
            new SqlDriverOptions { Dialect = SqlDialect.PostgreSql }.ToSchema());
        Assert.Contains("Dialect", Assert.Throws<InvalidOperationException>(() => new SqlDriverOptions().ToSchema()).Message);

        await using var dataSource = SqliteFactory.Instance.CreateDataSource($"Data Source={Path.Combine(_folder, "once.db")}");
        await new SqlDriverOptions().EnsureSchemaAsync(dataSource, TestContext.Current.CancellationToken);
        await using var command = dataSource.CreateCommand("select count(*) from runa_sessions");
        Assert.Equal(0L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact(DisplayName = "the cache and cookie drivers need a name and nothing else")]
    public async Task ByName()
    {
        foreach (var driver in new[] { "cache", "cache:orders", "cookie" })
        {
            await using var app = await App.StartAsync(
                Map,
                sessions => sessions.AddSession("web", o => o.Driver = driver),
                services => services.AddDistributedMemoryCache().AddKeyedSingleton(
                    "orders",
                    (provider, _) => provider.GetRequiredService<Microsoft.Extensions.Caching.Distributed.IDistributedCache>()));
            var browser = app.NewBrowser();
            await browser.GetAsync("/count");
            Assert.Equal("1", (await browser.GetAsync("/")).Body);
        }
    }

    private static void Map(WebApplication app)
    {
        app.UseRunaSession();
        app.MapGet("/in", (HttpContext ctx) => ctx.GetRunaSession().SignIn("alice"));
        app.MapGet("/who", (HttpContext ctx) => ctx.GetRunaSession().Owner ?? "");
        app.MapGet("/count", (HttpContext ctx) => ctx.GetRunaSession().Update("n", 0, n => n + 1).ToString());
        app.MapGet("/", (HttpContext ctx) => ctx.GetRunaSession().Get("n", 0).ToString());
    }
}
