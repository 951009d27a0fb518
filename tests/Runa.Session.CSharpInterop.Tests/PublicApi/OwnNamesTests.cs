using Xunit;

namespace CSharp.Tests.PublicApi;

/// <summary>An application's own names beside <c>using Runa;</c>.</summary>
public class OwnNamesTests
{
    [Fact(DisplayName = "an application may give its own types every name that only the F# library has")]
    public void EveryName()
    {
        Assert.Subset(Namespaces.NamesOfFSharp.ToHashSet(), new HashSet<string> { "Session", "Codec", "SessionKey", "SessionRegistry", "SameSite" });
        var declared = Namespaces.NamesOfFSharp.Select(name => $"public sealed class {name} {{ }}");
        var used = Namespaces.NamesOfFSharp.Select((name, i) => $"public static readonly {name} N{i} = new();");

        Assert.Empty(Compiling.Files(
            $$"""
            namespace Shop.Model;

            {{string.Join('\n', declared)}}
            """,
            $$"""
            using Microsoft.AspNetCore.Http;
            using Runa;
            using Shop.Model;

            namespace Shop;

            public static class Names
            {
                {{string.Join('\n', used)}}

                public static readonly SessionKey<int> Visits = new("visits");

                public static int Count(HttpContext ctx) => ctx.GetRunaSession("web").Update(Visits, 0, n => n + 1);
            }
            """));
    }

    [Fact(DisplayName = "a program may declare a class Session beside its endpoints")]
    public void InProgram() =>
        Assert.Empty(Compiling.Program(
            """
            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddRunaSession(sessions => sessions.AddSession("web", o => o.OnUnreadable = OnUnreadable.Error));
            var app = builder.Build();
            app.UseRunaSession("web");
            app.MapGet("/", (RunaSession session) => session.Status == SessionStatus.New ? new Session(1) : session.Get("talk", new Session(2)));
            app.Run();

            sealed record Session(int Number);
            """));
}
