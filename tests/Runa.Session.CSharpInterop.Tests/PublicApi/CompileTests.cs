using Xunit;

namespace CSharp.Tests.PublicApi;

public class CompileTests
{
    private const string NoAsync = "The step must be pure and must not be async";

    [Theory(DisplayName = "an async step is a compile error with an explanation")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", async s => { await Task.Yield(); s.Clear(); });")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", async s => { await Task.Yield(); return 1; });")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", s => Task.Delay(1));")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", s => Task.FromResult(1));")]
    public void AsyncStep(string body)
    {
        var found = Assert.Single(Compiling.Body(body));
        Assert.StartsWith("CS0619: ", found, StringComparison.Ordinal);
        Assert.Contains(NoAsync, found, StringComparison.Ordinal);
    }

    [Theory(DisplayName = "natural code compiles without a warning, nullable annotations included")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", s => s.Set(\"n\", s.Get<int>(\"n\") + 1));")]
    [InlineData("int n = await ctx.UpdateRunaSessionAsync(\"web\", s => s.Update(\"n\", 0, n => n + 1));")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", s => s.SignIn(\"ada\"));")]
    [InlineData("await ctx.UpdateRunaSessionAsync(\"web\", s => { s.Clear(); });")]
    [InlineData("SessionKey<int> key = new(\"n\"); int n = session.Get(key) + 1; session.Set(key, n);")]
    [InlineData("string? name = session.Get<string>(\"name\"); string sure = session.Get(\"name\", \"nobody\");")]
    [InlineData("if (session.TryGet<string>(\"name\", out var name)) { Console.WriteLine(name.Length); }")]
    [InlineData("foreach (string text in session.TakeFlashes<string>(\"notice\")) { Console.WriteLine(text.Length); }")]
    [InlineData("if (session.Owner is { } owner) { Console.WriteLine(owner.Length); }")]
    [InlineData("switch (session.Status) { case SessionStatus.Expired: break; default: break; }")]
    [InlineData("foreach (var claim in session.Claims) { Console.WriteLine(claim.Value.Length); }")]
    [InlineData("try { await session.CommitAsync(); } catch (SessionTooLargeException e) { Console.WriteLine(e.LargestKey?.Length); }")]
    [InlineData("try { } catch (SessionConfigurationException e) { foreach (string error in e.Errors) { Console.WriteLine(error.Length); } }")]
    public void Natural(string body) => Assert.Empty(Compiling.Body(body));

    [Theory(DisplayName = "a value that may be missing is nullable")]
    [InlineData("Console.WriteLine(session.Get<string>(\"name\").Length);")]
    [InlineData("Console.WriteLine(session.Owner.Length);")]
    [InlineData("Console.WriteLine(session.Label.Length);")]
    public void Nullable(string body) => Assert.StartsWith("CS8602: ", Assert.Single(Compiling.Body(body)), StringComparison.Ordinal);
}
