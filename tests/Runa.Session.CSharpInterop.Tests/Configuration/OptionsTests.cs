using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Xunit;
using SessionRegistry = Runa.Session.SessionRegistry;

namespace CSharp.Tests.Configuration;

public class OptionsTests
{
    [Fact(DisplayName = "the options of a session begin with the defaults of its name")]
    public async Task Defaults()
    {
        await using var services = Services(builder => builder.AddSession("shop"));
        var options = services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>();
        Assert.Equal("__Host-runa_session", options.Get("web").CookieName);
        Assert.Equal("__Host-runa_shop_session", options.Get("shop").CookieName);
        Assert.Equal("__Host-runa_session", options.CurrentValue.CookieName);
        var web = options.Get("web");
        Assert.Equal("memory", web.Driver);
        Assert.Null(web.CookieDomain);
        Assert.Equal("/", web.CookiePath);
        Assert.True(web is { HttpOnly: true, Persistent: true, Partitioned: false, Shared: false, Sealed: false });
        Assert.Equal((CookieSecurePolicy.Always, SameSiteMode.Lax), (web.Secure, web.SameSite));
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromDays(30)), (web.Ttl, web.MaxTtl));
        Assert.Null(web.IdleTimeout);
        Assert.Equal((null, OnTheft.Revoke, DeviceBound.Off), (web.Rotate, web.OnTheft, web.DeviceBound));
        Assert.Equal(65_536, web.MaxBytes);
        Assert.Empty(web.Meta);
    }

    [Fact(DisplayName = "every option reaches the session")]
    public async Task EveryOption()
    {
        await using var services = Services(builder => builder.AddSession("web", o =>
        {
            o.CookieName = "sid";
            o.CookieDomain = "example.com";
            o.CookiePath = "/app";
            o.HttpOnly = false;
            o.Secure = CookieSecurePolicy.SameAsRequest;
            o.SameSite = SameSiteMode.Strict;
            o.Persistent = false;
            o.Ttl = TimeSpan.FromMinutes(30);
            o.MaxTtl = TimeSpan.FromDays(2);
            o.IdleTimeout = TimeSpan.FromMinutes(10);
            o.Shared = true;
            o.Sealed = true;
            o.MaxBytes = 1_000;
            o.OnUnreadable = OnUnreadable.Error;
            o.MaxSessions = 5;
            o.WhenFull = WhenFull.Refuse;
            o.Rotate = TimeSpan.FromMinutes(15);
            o.OnTheft = OnTheft.Ignore;
            o.ClearSiteData = Enum.GetValues<SiteData>();
            o.Meta["a"] = "b";
        }));

        var settings = services.GetRequiredService<SessionRegistry>().Find("web").Definition.Settings;
        var filled = new RunaSessionOptions();
        filled.Fill(settings);
        var wanted = services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>().Get("web");
        Assert.Equivalent(wanted, filled, strict: true);
        Assert.Equal("sid", filled.CookieName);
        Assert.Equal(1_000, filled.MaxBytes);
        Assert.Equal(OnUnreadable.Error, filled.OnUnreadable);
        Assert.Equal(Enum.GetValues<SiteData>(), filled.ClearSiteData);
        Assert.Equal(["cookies", "storage", "cache", "executionContexts", "*"], settings.ClearSiteData.Select(data => data.ToString()));
    }

    [Fact(DisplayName = "promise 23: an undefined kind of site data keeps the application from starting; null clears nothing")]
    public async Task UndefinedSiteData()
    {
        await using var services = Services(builder => builder.AddSession("web", o => o.ClearSiteData = [SiteData.Cache, (SiteData)7]));
        var e = Assert.Throws<SessionConfigurationException>(() => services.GetRequiredService<SessionRegistry>());
        Assert.Equal(
            ["session \"web\": RunaSessionOptions.ClearSiteData = 7: expected Cookies, Storage, Cache, ExecutionContexts or All."],
            e.Errors);

        await using var none = Services(builder => builder.AddSession("web", o => o.ClearSiteData = null!));
        Assert.Empty(none.GetRequiredService<SessionRegistry>().Find("web").Definition.Settings.ClearSiteData);
    }

    [Theory(DisplayName = "DeviceBound reaches the session, and is read from the configuration")]
    [InlineData(DeviceBound.Off, "off")]
    [InlineData(DeviceBound.Offer, "offer")]
    [InlineData(DeviceBound.Require, "require")]
    public async Task Bound(DeviceBound bound, string written)
    {
        await using var services = Services(
            builder => builder.AddSession("shop", o => o.DeviceBound = bound),
            Json(("session:sessions:web:device_bound", written)));
        var registry = services.GetRequiredService<SessionRegistry>();
        var options = services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>();

        foreach (var name in new[] { "web", "shop" })
        {
            Assert.Equal(bound.ToString(), registry.Find(name).Definition.Settings.DeviceBound.ToString());
            Assert.Equal(bound, options.Get(name).DeviceBound);
        }
    }

    [Fact(DisplayName = "promise 23: device-bound sessions with a wrong option, driver or number keep the application from starting")]
    public async Task WronglyBound()
    {
        await using var services = Services(builder => builder
            .AddSession("web", o => (o.DeviceBound, o.Partitioned) = (DeviceBound.Offer, true))
            .AddSession("admin", o => (o.DeviceBound, o.Driver) = (DeviceBound.Require, "cookie"))
            .AddSession("api", o => o.DeviceBound = DeviceBound.Offer));

        var e = Assert.Throws<SessionConfigurationException>(() => services.GetRequiredService<SessionRegistry>());
        string[] starts =
        [
            "session \"web\": device_bound = offer: browsers refuse a bound cookie that is partitioned",
            "sessions \"admin\" (device_bound = require), \"api\" (device_bound = offer), \"web\" (device_bound = offer): ",
            "session \"admin\": device_bound = require: the driver \"cookie\" keeps sessions in their cookies",
        ];
        Assert.Equal(starts, e.Errors.Select((error, i) => error[..Math.Min(error.Length, starts[Math.Min(i, 2)].Length)]));
    }

    [Theory(DisplayName = "a profile reaches the session, and deviations keep the application from starting")]
    [InlineData(SessionProfile.AsvsL2, "asvs-l2", "ASVS 7.3.1")]
    [InlineData(SessionProfile.NistAal2, "nist-aal2", "SP 800-63B-4 2.2.3")]
    [InlineData(SessionProfile.NistAal3, "nist-aal3", "SP 800-63B-4 2.3.3")]
    public async Task Profile(SessionProfile profile, string name, string requirement)
    {
        await using var services = Services(builder => builder.AddSession("web", o =>
        {
            o.Profile = profile;
            o.MaxTtl = TimeSpan.FromHours(12);
            o.IdleTimeout = TimeSpan.FromMinutes(15);
            o.Persistent = false;
        }));

        var filled = new RunaSessionOptions();
        filled.Fill(services.GetRequiredService<SessionRegistry>().Find("web").Definition.Settings);
        Assert.Equal(profile, filled.Profile);

        await using var deviating = Services(builder => builder.AddSession("web", o => o.Profile = profile));
        var e = Assert.Throws<SessionConfigurationException>(() => deviating.GetRequiredService<SessionRegistry>());
        Assert.Contains(e.Errors, error =>
            error.StartsWith($"session \"web\": profile = \"{name}\": idle_timeout is not set: {requirement}", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "what code sets wins over the configuration, which wins over the defaults")]
    public async Task Configuration()
    {
        var configuration = Json(("session:sessions:web:ttl", "1h"), ("session:sessions:web:idle_timeout", "5m"), ("app:secret", App.Secret));
        await using var services = Services(builder => builder.AddSession("web", o => o.Ttl *= 2), configuration, withSecret: false);
        var web = services.GetRequiredService<RunaSessions>().Registered.Single(session => session.Name == "web");
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromMinutes(5)), (web.Ttl, web.IdleTimeout));
        Assert.Equal(TimeSpan.FromHours(2), services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>().Get("web").Ttl);
    }

    [Fact(DisplayName = "the .NET ways to change options work: Configure before and after, ConfigureAll, PostConfigure")]
    public async Task DotNetWays()
    {
        var services = Host();
        services.Configure<RunaSessionOptions>("web", o => o.MaxBytes = 1_000);
        services.AddRunaSession(builder => builder.AddSecrets(App.Secret));
        services.ConfigureAll<RunaSessionOptions>(o => o.Ttl = TimeSpan.FromMinutes(90));
        services.PostConfigure<RunaSessionOptions>("admin", o => o.Ttl /= 2);
        await using var provider = services.BuildServiceProvider();
        var registered = provider.GetRequiredService<RunaSessions>().Registered.ToDictionary(session => session.Name);
        Assert.Equal(TimeSpan.FromMinutes(90), registered["web"].Ttl);
        Assert.Equal(TimeSpan.FromMinutes(45), registered["admin"].Ttl);
        Assert.Equal(1_000, provider.GetRequiredService<SessionRegistry>().Find("web").Definition.Settings.MaxBytes);
        Assert.Equal(1_000, provider.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>().Get("web").MaxBytes);
    }

    [Fact(DisplayName = "options without a name are those of the default session")]
    public async Task Unnamed()
    {
        var services = Host();
        services.AddRunaSession(builder => builder.AddSecrets(App.Secret));
        services.Configure<RunaSessionOptions>(o => o.Ttl *= 2);
        await using var provider = services.BuildServiceProvider();
        var registered = provider.GetRequiredService<RunaSessions>().Registered.ToDictionary(session => session.Name);
        Assert.Equal((TimeSpan.FromHours(4), TimeSpan.FromHours(2)), (registered["web"].Ttl, registered["admin"].Ttl));
        Assert.Equal(TimeSpan.FromHours(4), provider.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>().Get("web").Ttl);
        Assert.Equal(TimeSpan.FromHours(4), provider.GetRequiredService<IOptions<RunaSessionOptions>>().Value.Ttl);
    }

    [Fact(DisplayName = "promise 23: options of a name that is no session are a mistake")]
    public async Task UnknownName()
    {
        var services = Host();
        services.AddRunaSession(builder => builder.AddSecrets(App.Secret));
        services.Configure<RunaSessionOptions>("wbe", o => o.Ttl *= 2);
        services.PostConfigure<RunaSessionOptions>("shop", o => o.Ttl *= 2);
        await using var provider = services.BuildServiceProvider();
        var e = Assert.Throws<SessionConfigurationException>(() => provider.GetRequiredService<RunaSessions>());
        Assert.Equal(
            [
                "RunaSessionOptions are configured for \"wbe\", which is no session. Did you mean \"web\"? Known: admin, api, web. Register it with AddSession.",
                "RunaSessionOptions are configured for \"shop\", which is no session. Known: admin, api, web. Register it with AddSession.",
            ],
            e.Errors);
    }

    [Theory(DisplayName = "promise 23: an option with an undefined value of its enum keeps the application from starting, and the message names the option, the value and the allowed ones")]
    [InlineData("Secure", 42, "Always, SameAsRequest or None")]
    [InlineData("SameSite", 7, "Lax, Strict, None or Unspecified")]
    [InlineData("OnUnreadable", -1, "Replace or Error")]
    [InlineData("WhenFull", 2, "EndOldest or Refuse")]
    [InlineData("OnTheft", 2, "Revoke or Ignore")]
    [InlineData("DeviceBound", 3, "Off, Offer or Require")]
    [InlineData("Profile", 9, "AsvsL2, NistAal2 or NistAal3")]
    public async Task Undefined(string option, int value, string allowed)
    {
        var property = typeof(RunaSessionOptions).GetProperty(option)!;
        var undefined = Enum.ToObject(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, value);
        string[] expected = [$"session \"shop\": RunaSessionOptions.{option} = {value}: expected {allowed}."];

        var (app, _, _) = App.Build(
            _ => { },
            sessions: null,
            services => services.AddRunaSession(sessions => sessions
                .AddSecrets(App.Secret)
                .AddSession("shop", o => property.SetValue(o, undefined))
                .AddSession("api", o => o.Driver = "redsi")));

        await using (app)
        {
            var e = await Assert.ThrowsAsync<SessionConfigurationException>(() => app.StartAsync(TestContext.Current.CancellationToken));
            Assert.Equal(expected, e.Errors.Where(error => error.Contains("shop", StringComparison.Ordinal)));
            Assert.Contains(e.Errors, error => error.Contains("redsi", StringComparison.Ordinal));
            var options = app.Services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>();
            Assert.Equal(expected, Assert.Throws<OptionsValidationException>(() => options.Get("shop")).Failures);
        }
    }

    [Fact(DisplayName = "if no configuration is given, the host's is read")]
    public async Task HostConfiguration()
    {
        var services = Host();
        services.AddSingleton(Json(("session:sessions:web:ttl", "7h"), ("app:secret", App.Secret)));
        services.AddRunaSession();
        await using var provider = services.BuildServiceProvider();
        Assert.Contains(provider.GetRequiredService<RunaSessions>().Registered, session => session is { Name: "web", Ttl.Hours: 7 });
    }

    [Fact(DisplayName = "AddRunaSession called again extends what was registered, and changes nothing twice")]
    public async Task Again()
    {
        var services = Host();
        services.AddRunaSession(builder => builder.AddSecrets(App.Secret).AddSession("web", o => o.Ttl *= 2));
        services.AddRunaSession(builder => builder.AddSession("shop", o => o.Meta.Add("team", "orders")));
        services.AddRunaSession();
        await using var provider = services.BuildServiceProvider();
        var registered = provider.GetRequiredService<RunaSessions>().Registered.ToDictionary(session => session.Name);
        Assert.Equal(["admin", "api", "shop", "web"], registered.Keys.Order());
        Assert.Equal(TimeSpan.FromHours(4), registered["web"].Ttl);
        Assert.Equal("orders", registered["shop"].Meta["team"]);
        Assert.Single(services, service => service.ServiceType == typeof(SessionRegistry));
    }

    [Fact(DisplayName = "IValidateOptions says what is wrong with the options of one session")]
    public async Task Validated()
    {
        await using var services = Services(builder => builder.AddSession("web", o => o.IdleTimeout = TimeSpan.FromDays(1)));
        var e = Assert.Throws<OptionsValidationException>(
            () => services.GetRequiredService<IOptionsMonitor<RunaSessionOptions>>().Get("web"));
        Assert.Equal(
            "session \"web\": idle_timeout = 1d: must be not longer than the ttl (2h).",
            Assert.Single(e.Failures));
    }

    internal static ServiceCollection Host()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        return services;
    }

    internal static IConfiguration Json(params (string Key, string Value)[] pairs) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(pairs.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
            .Build();

    private static ServiceProvider Services(
        Action<RunaSessionBuilder> configure,
        IConfiguration? configuration = null,
        bool withSecret = true)
    {
        var services = Host();

        void Both(RunaSessionBuilder builder)
        {
            configure(builder);

            if (withSecret)
            {
                builder.AddSecrets(App.Secret);
            }
        }

        if (configuration is null)
        {
            services.AddRunaSession(Both);
        }
        else
        {
            services.AddRunaSession(configuration, Both);
        }

        return services.BuildServiceProvider();
    }
}
