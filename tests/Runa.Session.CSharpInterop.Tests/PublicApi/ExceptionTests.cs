using System.Linq.Expressions;
using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>What is raised, and that the documentation of what was called says so.</summary>
public class ExceptionTests
{
    private static readonly PropertyInfo s_label = typeof(RunaSession).GetProperty(nameof(RunaSession.Label))!;

    private const string Lone = "\ud800";

    private static readonly ClaimsPrincipal s_ada = new(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, "ada")]));
    private static readonly ClaimsPrincipal s_stranger = new(new ClaimsIdentity([new("role", "admin")]));
    private static readonly SessionKey<int> s_noName = new("");
    private static readonly SessionKey<string> s_badName = new(Lone);
    private static readonly SessionKey<Stream> s_unstorable = new("stream");

    /// <summary>What reads values, and what changes the session, by the error that it is to raise.</summary>
    private static readonly (Expression<Action<RunaSession>> Call, Type Raises)[] s_values =
    [
        (s => s.Has(s_noName), typeof(ArgumentException)),
        (s => s.Get(s_noName), typeof(ArgumentException)),
        (s => s.Get(s_noName, 1), typeof(ArgumentException)),
        (s => s.Set(s_noName, 1), typeof(ArgumentException)),
        (s => s.Update(s_noName, 0, n => n), typeof(ArgumentException)),
        (s => s.Remove(s_noName), typeof(ArgumentException)),
        (s => s.Flash(s_noName, 1), typeof(ArgumentException)),
        (s => s.TakeFlashes(s_noName), typeof(ArgumentException)),
        (s => s.Has(""), typeof(ArgumentException)),
        (s => s.Get<int>(""), typeof(ArgumentException)),
        (s => s.Get("", 1), typeof(ArgumentException)),
        (s => s.Set("", 1), typeof(ArgumentException)),
        (s => s.Update("", 0, n => n), typeof(ArgumentException)),
        (s => s.Remove(""), typeof(ArgumentException)),
        (s => s.Flash("", 1), typeof(ArgumentException)),
        (s => s.TakeFlashes<int>(""), typeof(ArgumentException)),
        (s => s.Set(s_badName, "x"), typeof(ArgumentException)),
        (s => s.Get(s_badName), typeof(ArgumentException)),
        (s => s.Set(Keys.Name, Lone), typeof(ArgumentException)),
        (s => s.Set("name", Lone), typeof(ArgumentException)),
        (s => s.Update(Keys.Name, "", _ => Lone), typeof(ArgumentException)),
        (s => s.Flash(Keys.Name, Lone), typeof(ArgumentException)),
        (s => s.Get(s_unstorable), typeof(NotSupportedException)),
        (s => s.Get<Stream>("stream"), typeof(NotSupportedException)),
        (s => s.Get(s_unstorable, Stream.Null), typeof(NotSupportedException)),
        (s => s.Set(s_unstorable, Stream.Null), typeof(NotSupportedException)),
        (s => s.Set("stream", Stream.Null), typeof(NotSupportedException)),
        (s => s.Update(s_unstorable, Stream.Null, n => n), typeof(NotSupportedException)),
        (s => s.Flash(s_unstorable, Stream.Null), typeof(NotSupportedException)),
        (s => s.SetLifetime(TimeSpan.Zero), typeof(ArgumentOutOfRangeException)),
        (s => s.SetClient(Lone, null), typeof(ArgumentException)),
        (s => s.SetClient(null, Lone), typeof(ArgumentException)),
        (s => s.SetClient(new string('1', 65), null), typeof(ArgumentException)),
        (s => s.SignIn("", null), typeof(ArgumentException)),
        (s => s.SignIn(" ", null), typeof(ArgumentException)),
        (s => s.SignIn(Lone, null), typeof(ArgumentException)),
        (s => s.SignIn(new ClaimsPrincipal()), typeof(ArgumentException)),
        (s => s.SignIn(s_stranger), typeof(ArgumentException)),
    ];

    private static readonly Expression<Action<RunaSession>>[] s_changes =
    [
        s => s.Set(Keys.Visits, 1),
        s => s.Set("visits", 1),
        s => s.Update(Keys.Visits, 0, n => n + 1),
        s => s.Remove(Keys.Visits),
        s => s.Remove("visits"),
        s => s.Flash(Keys.Notice, "x"),
        s => s.TakeFlashes(Keys.Notice),
        s => s.Clear(),
        s => s.Regenerate(),
        s => s.Destroy(),
        s => s.SetLifetime(TimeSpan.FromHours(1)),
        s => s.SetClient("::1", null),
        s => s.SignIn("ada", null),
        s => s.SignIn(s_ada),
        s => s.SignOut(),
    ];

    private static readonly Expression<Action<RunaSession>>[] s_reads =
    [
        s => s.Has(Keys.Visits),
        s => s.Get(Keys.Visits),
        s => s.Get("visits", 1),
        s => s.ToJson(),
        s => s.Discard(),
        .. s_changes,
    ];

    [Fact(DisplayName = "the exceptions of values and keys are documented")]
    public async Task Values()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());

        await stage.RequestAsync(stage.NewBrowser(), ctx =>
        {
            foreach (var (call, raises) in s_values)
            {
                Raising.Assert(raises, call, ctx.GetRunaSession());
            }

            Raising.Assert(typeof(ArgumentException), s_label, () => ctx.GetRunaSession().Label = Lone);
            return Task.CompletedTask;
        });
    }

    [Fact(DisplayName = "a change that nothing would commit raises, as every change documents")]
    public async Task NothingCommits()
    {
        await using var stage = await Stage.StartAsync();

        await stage.RequestAsync(await stage.EstablishedAsync(), async ctx =>
        {
            var session = await ctx.LoadRunaSessionAsync();

            foreach (var call in s_changes)
            {
                Raising.Assert(typeof(InvalidOperationException), call, session);
            }

            Raising.Assert(typeof(InvalidOperationException), s_label, () => session.Label = "x");
        });
    }

    [Fact(DisplayName = "every member of an attempt that has ended raises, as it documents")]
    public async Task EndedAttempt()
    {
        await using var stage = await Stage.StartAsync();

        await stage.RequestAsync(stage.NewBrowser(), async ctx =>
        {
            RunaSession kept = null!;
            await ctx.UpdateRunaSessionAsync("web", session => { kept = session; });

            foreach (var call in s_reads)
            {
                Raising.Assert(typeof(InvalidOperationException), call, kept);
            }

            foreach (var property in typeof(RunaSession).GetProperties())
            {
                Raising.Assert(typeof(InvalidOperationException), property, () => property.GetValue(kept));
            }

            Assert.Equal("RunaSession", kept.ToString());
            await Raising.AssertAsync(typeof(InvalidOperationException), () => kept.CommitAsync(default));
            await Raising.AssertAsync(typeof(InvalidOperationException), () => kept.ReloadAsync(default));
            await Raising.AssertAsync(typeof(InvalidOperationException), () => stage.App.Sessions.RevokeOthersAsync(kept, default));
        });
    }

    [Fact(DisplayName = "once the response has started, a change that needs a cookie raises, as it documents")]
    public async Task AfterTheStart()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());

        await stage.RequestAsync(stage.NewBrowser(), async ctx =>
        {
            Assert.Equal(SessionStatus.New, ctx.GetRunaSession().Status);
            await ctx.Response.StartAsync();
            Raising.Assert(typeof(InvalidOperationException), s => s.Set(Keys.Visits, 1), ctx.GetRunaSession());
            Raising.Assert(typeof(InvalidOperationException), s => s.Flash(Keys.Notice, "x"), ctx.GetRunaSession());
            Raising.Assert(typeof(InvalidOperationException), s => s.SignIn("ada", null), ctx.GetRunaSession());
            await Raising.AssertAsync(
                typeof(InvalidOperationException),
                () => ctx.UpdateRunaSessionAsync("web", s => s.Set(Keys.Visits, 1), default));
        });

        var expired = await stage.EstablishedAsync();
        stage.App.Clock.Advance(TimeSpan.FromHours(3));

        await stage.RequestAsync(expired, async ctx =>
        {
            Assert.Equal(SessionStatus.Expired, ctx.GetRunaSession().Status);
            await ctx.Response.StartAsync();
            Raising.Assert(typeof(SessionConflictException), s => s.Set(Keys.Visits, 1), ctx.GetRunaSession());
            Raising.Assert(typeof(SessionConflictException), s => s.Update(Keys.Visits, 0, n => n + 1), ctx.GetRunaSession());
            Raising.Assert(typeof(SessionConflictException), s => s.Flash(Keys.Notice, "x"), ctx.GetRunaSession());
            Raising.Assert(typeof(SessionConflictException), s => s.SignIn("ada", null), ctx.GetRunaSession());
            await Raising.AssertAsync(
                typeof(SessionConflictException),
                () => ctx.UpdateRunaSessionAsync("web", s => s.Set(Keys.Visits, 1), default));
        });
    }

    [Fact(DisplayName = "promise 9, 14, 18: the exceptions for a store that is down, for a session that is too large, and for one that has ended are documented")]
    public async Task Saving()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());
        var browser = await stage.EstablishedAsync();
        await stage.EstablishedAsync();
        var large = new string('x', 70_000);

        // At the end of the request what could not be committed is told again.
        await Assert.ThrowsAsync<SessionConflictException>(() => stage.RequestAsync(browser, async ctx =>
        {
            var session = ctx.GetRunaSession();
            var handle = session.Handle!;
            await Raising.AssertAsync(typeof(SessionTooLargeException), () => ctx.UpdateRunaSessionAsync("web", s => s.Set(Keys.Name, large), default));
            stage.Store.FailsToRead = true;
            await Raising.AssertAsync(typeof(SessionStoreException), () => session.ReloadAsync(default));
            stage.Store.FailsToRead = false;
            session.Set(Keys.Name, "Ada");
            await Raising.AssertAsync(typeof(InvalidOperationException), () => session.ReloadAsync(default));
            stage.Store.FailsToWrite = true;
            await Raising.AssertAsync(typeof(SessionStoreException), () => session.CommitAsync(default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => ctx.UpdateRunaSessionAsync("web", s => s.Clear(), default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => ctx.UpdateRunaSessionAsync("web", s => s.Remove(Keys.Visits), default));
            await Raising.AssertAsync(typeof(SessionsLeftException), () => stage.App.Sessions.RevokeOwnerAsync("web", "ada", default));
            await Raising.AssertAsync(typeof(SessionsLeftException), () => stage.App.Sessions.RevokeOthersAsync(session, default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.RevokeAllAsync("web", default));
            stage.Store.FailsToWrite = false;
            session.Set(Keys.Name, large);
            await Raising.AssertAsync(typeof(SessionTooLargeException), () => session.CommitAsync(default));
            session.Set(Keys.Name, "Ada");
            await stage.App.Sessions.RevokeOwnerAsync("web", "ada", default);
            await Raising.AssertAsync(typeof(SessionConflictException), () => session.CommitAsync(default));
            await Raising.AssertAsync(typeof(SessionConflictException), () => ctx.UpdateRunaSessionAsync("web", s => s.Set(Keys.Name, "x"), default));
            stage.Store.FailsToRead = true;
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.ListAsync("web", "ada", default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.FindAsync("web", "ada", handle, default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.RevokeAsync("web", "ada", handle, default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.PurgeExpiredAsync(default));
            await Raising.AssertAsync(typeof(SessionStoreException), () => stage.App.Sessions.CountAsync("web", default));
            stage.Store.FailsToRead = false;
        }));

        await using var unloaded = await Stage.StartAsync();
        var other = await unloaded.EstablishedAsync();
        unloaded.Store.FailsToRead = true;
        await unloaded.RequestAsync(other, ctx => Raising.AssertAsync(typeof(SessionStoreException), () => ctx.LoadRunaSessionAsync("web", default)));
    }
}
