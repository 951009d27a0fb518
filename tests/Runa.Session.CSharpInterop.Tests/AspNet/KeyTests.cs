using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: keys.</summary>
public class KeyTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "keys differ by case"), MemberData(nameof(Both))]
    public async Task CaseSensitive(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("Key", 1);
            session.SetInt32("key", 2);
        });

        Assert.Equal((1, 2, null), await visitor.AsksAsync(session =>
            (session.GetInt32("Key"), session.GetInt32("key"), session.GetInt32("KEY"))));
    }

    [Theory(DisplayName = "keys may be empty, of any script, and of any characters"), MemberData(nameof(Both))]
    public async Task OddKeys(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        string[] keys = ["", " ", "ключ", "漢字", "🦊", "e\u0301", "\u00e9", "a\0b", "\"quoted\"\r\n", "aspnet:", "aspnet.id", "aspnet:aspnet:", "__proto__"];

        await visitor.DoesAsync(session =>
        {
            for (var i = 0; i < keys.Length; i++)
            {
                session.SetInt32(keys[i], i);
            }
        });

        Assert.Equal(
            Enumerable.Range(0, keys.Length).Cast<int?>(),
            await visitor.AsksAsync(session => keys.Select(session.GetInt32).ToArray()));
        Assert.Equal(keys.ToHashSet(), await visitor.AsksAsync(session => session.Keys.ToHashSet()));
    }

    [Theory(DisplayName = "a key of null is refused everywhere"), MemberData(nameof(Both))]
    public async Task NullKey(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        Assert.IsType<ArgumentNullException>(await visitor.RaisesAsync(session => session.Set(null!, [1])));
        Assert.IsType<ArgumentNullException>(await visitor.RaisesAsync(session => session.TryGetValue(null!, out _)));
        Assert.IsType<ArgumentNullException>(await visitor.RaisesAsync(session => session.Remove(null!)));
    }

    [Theory(DisplayName = "a value of null is refused, before the key is looked at"), MemberData(nameof(Both))]
    public async Task NullValue(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var raised = await site.NewVisitor().RaisesAsync(session => session.Set(null!, null!));
        Assert.Equal("value", Assert.IsType<ArgumentNullException>(raised).ParamName);
    }

    [Theory(DisplayName = "Set refuses a key of 70,000 characters and stores nothing; elsewhere it is a missing key"), MemberData(nameof(Both))]
    public async Task LongKey(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var key = new string('k', 70_000);

        var answer = await site.NewVisitor().DoesAsync(session =>
        {
            var raised = Assert.Throws<ArgumentOutOfRangeException>(() => session.Set(key, [1]));
            Assert.Equal("key", raised.ParamName);
            Assert.False(session.TryGetValue(key, out _));
            session.Remove(key);
        });

        Assert.Empty(answer.SetCookies);
    }

    [Theory(DisplayName = "the limit of a key is 65,535 bytes of UTF-8"), MemberData(nameof(Both))]
    public async Task LongestKey(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        var (longest, tooLong) = ("k" + new string('ä', 32_767), new string('ä', 32_768));

        await visitor.DoesAsync(session =>
        {
            session.Set(longest, [7]);
            Assert.Throws<ArgumentOutOfRangeException>(() => session.Set(tooLong, [7]));
        });

        Assert.Equal([7], await visitor.AsksAsync(session => session.Get(longest)!));
    }

    [Theory(DisplayName = "half of a surrogate pair in a key reads as the replacement character"), MemberData(nameof(Both))]
    public async Task LoneSurrogate(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a\ud800b", 1));
        Assert.Equal((1, 1), await visitor.AsksAsync(session => (session.GetInt32("a\ud800b"), session.GetInt32("a\ufffdb"))));
        Assert.Equal(["a\ufffdb"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "Keys lists what is there, in this request and the next, and no Id"), MemberData(nameof(Both))]
    public async Task Keys(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        Assert.Empty(await visitor.AsksAsync(session => session.Keys.ToArray()));

        Assert.Equal(["a", "b", "c"], await visitor.AsksAsync(session =>
        {
            _ = session.Id;
            session.SetInt32("c", 3);
            session.SetInt32("a", 1);
            session.SetInt32("b", 2);
            return session.Keys.Order().ToArray();
        }));

        await visitor.DoesAsync(session => session.Remove("b"));
        Assert.Equal(["a", "c"], await visitor.AsksAsync(session => session.Keys.Order().ToArray()));
    }

    [Theory(DisplayName = "keys can be removed while Keys is enumerated"), MemberData(nameof(Both))]
    public async Task RemovedWhileListed(Of of)
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
            foreach (var key in session.Keys)
            {
                session.Remove(key);
            }
        });

        Assert.Empty(await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "Keys lists what is there when it is enumerated"), MemberData(nameof(Both))]
    public async Task ListedLate(Of of)
    {
        await using var site = await Site.StartAsync(of);

        Assert.Equal(["later"], await site.NewVisitor().AsksAsync(session =>
        {
            var keys = session.Keys;
            session.SetInt32("later", 1);
            return keys.ToArray();
        }));
    }
}
