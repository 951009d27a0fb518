using System.Text;
using Xunit;
using static CSharp.Tests.Drivers.Records;

namespace CSharp.Tests.Drivers;

/// <summary>What a driver sees of a session, and its store key.</summary>
public class StoredSessionDriverTests
{
    [Fact(DisplayName = "a stored session says whose it is, which write it is from, and when it ends")]
    public void Facts()
    {
        Assert.Equal((-5L, "shop/web", "alice"), (Alice.Version, Alice.Scope, Alice.Owner));
        Assert.Equal(Now.AddHours(2).AddTicks(7), Alice.ExpiresAt);
        Assert.Equal(Now.AddMinutes(30), Alice.IdleExpiresAt);
        Assert.Equal(Now.AddMinutes(30), Alice.EndsAt);
        Assert.Null(Alice.Successor);
        Assert.False(Alice.IsExpired(Now.AddMinutes(30).AddTicks(-1)));
        Assert.True(Alice.IsExpired(Now.AddMinutes(30)));
    }

    [Fact(DisplayName = "promise 4: a tombstone says where its session is now")]
    public void Successor()
    {
        Assert.Equal(Key, Tombstone.Successor);
        Assert.Null(Tombstone.IdleExpiresAt);
        Assert.Equal(Tombstone.ExpiresAt, Tombstone.EndsAt);
    }

    [Fact(DisplayName = "promise 7: a touch moves the idle end later, never earlier nor past the absolute end, and no version")]
    public void Touch()
    {
        var touched = Alice.Touch(Now.AddMinutes(40));
        Assert.Equal((Now.AddMinutes(40), -5L), (touched.IdleExpiresAt, touched.Version));
        Assert.NotEqual(Alice, touched);
        Assert.Same(Alice, Alice.Touch(Now.AddMinutes(20)));
        Assert.Equal(Alice.ExpiresAt, Alice.Touch(Now.AddDays(9)).IdleExpiresAt);
        Assert.Equal(Now.AddMinutes(30), Alice.IdleExpiresAt);
    }

    [Fact(DisplayName = "promise 17: a stored session is read from its document, in bytes and in text, equal to the tick")]
    public void Documents()
    {
        Assert.Equal(Alice, StoredSession.Parse(Alice.ToUtf8Json()));
        Assert.Equal(Alice, StoredSession.Parse(Alice.ToJson()));
        Assert.Equal(Alice.GetHashCode(), StoredSession.Parse(Alice.ToJson()).GetHashCode());
        Assert.Equal(Alice.ToJson(), Encoding.UTF8.GetString(Alice.ToUtf8Json()));
        Assert.Equal(Tombstone, StoredSession.Parse(Tombstone.ToJson()));
        Assert.NotEqual(Alice, Tombstone);
    }

    [Fact(DisplayName = "promise 5: text that is no document is refused without being shown")]
    public void NoDocuments()
    {
        foreach (var text in new[] { "", "{}", "null", "\"secret\"", Alice.ToJson() + "x", Alice.ToJson().Replace("\"values\"", "\"secret\""), "\ud800" })
        {
            var error = Assert.Throws<InvalidDataException>(() => StoredSession.Parse(text));
            Assert.DoesNotContain("alice", error.ToString());
        }

        Assert.Throws<ArgumentNullException>(() => StoredSession.Parse((string)null!));
    }

    [Fact(DisplayName = "promise 5: nothing that a driver holds prints a key, an owner or a value")]
    public void Printing()
    {
        var page = new StoredSessionPage([KeyValuePair.Create(Key, Alice)], "next");

        foreach (var text in new[] { $"{Alice}", $"{Tombstone}", $"{Key}", $"{page}", $"{ReplaceResult.Conflict(Alice)}" })
        {
            Assert.DoesNotContain("alice", text);
            Assert.DoesNotContain("secret", text);
            Assert.DoesNotContain(Key.ToText(), text);
        }
    }

    [Fact(DisplayName = "a store key is 16 bytes, or 22 characters, and no other text is one")]
    public void Keys()
    {
        Assert.Equal(22, Key.ToText().Length);
        Assert.Equal(Key, StoreKey.FromBytes(Key.ToBytes()));
        Assert.True(StoreKey.TryParse(Key.ToText(), out var key));
        Assert.Equal(Key, key);
        Assert.Equal(1, new Dictionary<StoreKey, int> { [Key] = 1 }[key]);
        Assert.False(StoreKey.TryParse(Key.ToText() + "A", out _));
        Assert.False(StoreKey.TryParse(null, out _));
        Assert.Throws<ArgumentException>(() => StoreKey.FromBytes(new byte[15]));
    }

    [Fact(DisplayName = "a page holds at most 100 sessions, and a conflict holds the current one")]
    public void PagesAndOutcomes()
    {
        var item = KeyValuePair.Create(Key, Alice);
        Assert.Equal(100, new StoredSessionPage([.. Enumerable.Repeat(item, 100)]).Items.Count);
        Assert.Throws<ArgumentException>("items", () => new StoredSessionPage([.. Enumerable.Repeat(item, 101)]));
        Assert.Same(Alice, ReplaceResult.Conflict(Alice).Current);
        Assert.Null(ReplaceResult.Replaced.Current);
        Assert.NotSame(ReplaceResult.Replaced, ReplaceResult.Missing);
        Assert.Throws<ArgumentNullException>("current", () => ReplaceResult.Conflict(null!));
    }
}
