using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: values.</summary>
public class ValueTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "a value that was set is read in the same request and in the next"), MemberData(nameof(Both))]
    public async Task ReadBack(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        Assert.Equal([1, 2, 3], await visitor.AsksAsync(session =>
        {
            session.Set("key", [1, 2, 3]);
            return session.Get("key")!;
        }));
        Assert.Equal([1, 2, 3], await visitor.AsksAsync(session => session.Get("key")!));
    }

    [Theory(DisplayName = "a key that is missing reads as false and null"), MemberData(nameof(Both))]
    public async Task Missing(Of of)
    {
        await using var site = await Site.StartAsync(of);

        Assert.Equal((false, null), await site.NewVisitor().AsksAsync(session =>
            (session.TryGetValue("nothing", out var value), value)));
    }

    [Theory(DisplayName = "a value set again is replaced"), MemberData(nameof(Both))]
    public async Task Replaced(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.Set("key", [1, 2]));
        await visitor.DoesAsync(session => session.Set("key", [3]));
        Assert.Equal([3], await visitor.AsksAsync(session => session.Get("key")!));
    }

    [Theory(DisplayName = "an empty array is a value"), MemberData(nameof(Both))]
    public async Task EmptyArray(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.Set("key", []));
        Assert.Equal((true, 0), await visitor.AsksAsync(session => (session.TryGetValue("key", out var value), value!.Length)));
    }

    [Theory(DisplayName = "every byte comes back, and 300,000 of them"), MemberData(nameof(Both))]
    public async Task AllBytes(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        var bytes = Enumerable.Range(0, 300_000).Select(n => (byte)(n * 7)).ToArray();
        await visitor.DoesAsync(session => session.Set("key", bytes));
        Assert.Equal(bytes, await visitor.AsksAsync(session => session.Get("key")!));
    }

    [Theory(DisplayName = "an array that is changed after Set changes nothing"), MemberData(nameof(Both))]
    public async Task MutatedAfterSet(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        Assert.Equal([1], await visitor.AsksAsync(session =>
        {
            byte[] bytes = [1];
            session.Set("key", bytes);
            bytes[0] = 9;
            return session.Get("key")!;
        }));
        Assert.Equal([1], await visitor.AsksAsync(session => session.Get("key")!));
    }

    [Theory(DisplayName = "changing an array that was read changes nothing in the next request"), MemberData(nameof(Both))]
    public async Task MutatedAfterGet(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.Set("key", [1]));
        await visitor.DoesAsync(session => session.Get("key")![0] = 9);
        Assert.Equal([1], await visitor.AsksAsync(session => session.Get("key")!));
    }

    [Theory(DisplayName = "SetString and GetString keep texts of any kind, and the empty one"), MemberData(nameof(Both))]
    public async Task Strings(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        string[] texts = ["", "plain", "\"quoted\" \\ </script> + /", "ünïcödé 漢字 🦊", "a\0b\r\n\t"];

        await visitor.DoesAsync(session =>
        {
            for (var i = 0; i < texts.Length; i++)
            {
                session.SetString($"text{i}", texts[i]);
            }
        });

        Assert.Equal(texts, await visitor.AsksAsync(session => texts.Select((_, i) => session.GetString($"text{i}")!).ToArray()));
        Assert.Null(await visitor.AsksAsync(session => session.GetString("nothing")));
    }

    [Theory(DisplayName = "SetInt32 and GetInt32 keep numbers; other values read as null"), MemberData(nameof(Both))]
    public async Task Numbers(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("least", int.MinValue);
            session.SetInt32("none", 0);
            session.SetInt32("most", int.MaxValue);
            session.Set("short", [1, 2]);
        });

        Assert.Equal(
            [int.MinValue, 0, int.MaxValue, null, null],
            await visitor.AsksAsync(session =>
                new[] { "least", "none", "most", "short", "nothing" }.Select(session.GetInt32).ToArray()));
    }

    [Theory(DisplayName = "the bytes of SetString and SetInt32 are UTF-8 and big-endian"), MemberData(nameof(Both))]
    public async Task Bytes(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetString("text", "ä");
            session.SetInt32("number", 258);
        });

        Assert.Equal(Encoding.UTF8.GetBytes("ä"), await visitor.AsksAsync(session => session.Get("text")!));
        Assert.Equal([0, 0, 1, 2], await visitor.AsksAsync(session => session.Get("number")!));
    }

    [Theory(DisplayName = "a removed value is gone at once and in the next request, and the others stay"), MemberData(nameof(Both))]
    public async Task Removed(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("a", 1);
            session.SetInt32("b", 2);
        });

        Assert.Null(await visitor.AsksAsync(session =>
        {
            session.Remove("a");
            return session.GetInt32("a");
        }));
        Assert.Equal((null, 2), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"))));
    }

    [Theory(DisplayName = "Clear takes everything, and what is set after it stays"), MemberData(nameof(Both))]
    public async Task Cleared(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("a", 1);
            session.SetInt32("b", 2);
        });
        await visitor.DoesAsync(session =>
        {
            session.Clear();
            Assert.Null(session.GetInt32("a"));
            session.SetInt32("c", 3);
        });

        Assert.Equal(["c"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "Remove of a missing key and Clear of an empty session do nothing"), MemberData(nameof(Both))]
    public async Task NothingToRemove(Of of)
    {
        await using var site = await Site.StartAsync(of);

        var answer = await site.NewVisitor().DoesAsync(session =>
        {
            session.Remove("nothing");
            session.Clear();
        });

        Assert.Empty(answer.SetCookies);
        Assert.Equal(0, site.Store.Writes);
    }

    [Theory(DisplayName = "two browsers do not see each other's values"), MemberData(nameof(Both))]
    public async Task TwoBrowsers(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var (one, other) = (site.NewVisitor(), site.NewVisitor());
        await one.DoesAsync(session => session.SetString("who", "one"));
        await other.DoesAsync(session => session.SetString("who", "other"));
        Assert.Equal("one", await one.AsksAsync(session => session.GetString("who")));
        Assert.Equal("other", await other.AsksAsync(session => session.GetString("who")));
    }

    [Theory(DisplayName = "overlapping requests of two browsers do not mix"), MemberData(nameof(Both))]
    public async Task TwoBrowsersAtOnce(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var (one, other) = (site.NewVisitor(), site.NewVisitor());
        using var both = new Barrier2();

        RequestDelegate Sets(string who) => async ctx =>
        {
            ctx.Session.SetString("who", who);
            await both.MeetAsync();
            ctx.Session.SetString("again", ctx.Session.GetString("who")!);
        };

        await Task.WhenAll(one.RequestAsync(Sets("one")), other.RequestAsync(Sets("other")));
        Assert.Equal("one", await one.AsksAsync(session => session.GetString("again")));
        Assert.Equal("other", await other.AsksAsync(session => session.GetString("again")));
    }
}
