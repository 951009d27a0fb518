using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.FSharp.Core;
using Runa.Session;
using Xunit;

namespace CSharp.Tests.Codecs;

/// <summary>Promise 17: what would not come back is refused when it is set, and nothing else is.</summary>
public class LossTests
{
    [Fact(DisplayName = "promise 17: a field that no stored property covers is refused at the first use, with the type and the field")]
    public void HiddenState()
    {
        foreach (var (message, expected) in new[]
                 {
                     (Stored.Refused(new Lines()), "Lines (what its field _lines holds would be lost"),
                     (Stored.Refused(new CountedLines()), "CountedLines (its property All cannot be set, and what _lines holds would be lost)"),
                     (Stored.Refused(new List<IgnoredCount>()), "IgnoredCount in List<IgnoredCount> (its property Count cannot be set, and what _lines holds"),
                     (Stored.Refused(new CountingReads()), "CountingReads (what its field _reads holds"),
                     (Stored.Refused(new NotPublic()), "NotPublic (its property Secret is not public"),
                     (Stored.Refused(new PrivateInStruct(1)), "PrivateInStruct (what its field _hidden holds"),
                     (Stored.Refused(new Shadowing()), "Shadowing (its property Number is hidden by another of its name"),
                     (Stored.Refused<SecretBase>(new DerivedOfSecret()), "DerivedOfSecret (what its field _secret holds"),
                     (Stored.Refused(new TaggedList()), "TaggedList (a collection with state of its own (_tag)"),
                     (Stored.Refused<List<int>>(new TaggedList()), "TaggedList (stored as List<Int32>"),
                     (Stored.Refused<IReadOnlyList<int>>(new TaggedList()), "TaggedList (a collection with state of its own"),
                     (Stored.Refused(default(FourNumbers)), "FourNumbers (a buffer of which only the first item would be written)"),
                     (Stored.Refused(new System.Text.StringBuilder()), "StringBuilder (what its field m_"),
                     (Stored.Refused<Type?>(null), "Type (a type that System.Text.Json does not write)"),
                     (Stored.Refused(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)), "comparer"),
                     (Stored.Refused(Locking.With(new List<int>())), "Locking (what its field _gate holds would be lost)"),
                 })
        {
            Assert.Contains("Key \"k\"", message);
            Assert.Contains(expected, message);
            Assert.Contains("SessionCodec", message);
        }
    }

    [Fact(DisplayName = "promise 17: classes whose whole state is stored come back, whatever their fields are called")]
    public void WholeState()
    {
        var included = new Included();
        included.Add("a");
        var read = Stored.RoundTrip(included);
        Assert.Equal(("a", 1), (Assert.Single(read.Items), read.Number));

        var bound = Stored.RoundTrip(new BoundDerived("a", 2, true));
        Assert.Equal(("a", 2, true), (bound.Name, bound.Number, bound.Flag));
        Assert.Equal(3, Stored.RoundTrip(new Notifying { Number = 3 }).Number);
        Assert.Equal(3, Stored.RoundTrip(new Locking { Number = 3 }).Number);
        Assert.Equal(3, Stored.RoundTrip(new Overriding { Number = 3 }).Number);
        Assert.Equal("3", Stored.RoundTrip(new MarkedCaches { Number = 3 }).First());
        Assert.Empty(Stored.RoundTrip(new LazilyMade()).Items);
        Assert.Equal([1], Stored.RoundTrip(new LazilyMade { Items = { 1 } }).Items);
        Assert.Equal(["a"], Stored.RoundTrip(new Populated { Items = { "a" } }).Items);
        Assert.Equal("a", Stored.RoundTrip(new WithCallbacks { Name = "a" }).Name);
        Assert.Equal(new PartlyIgnored("a", null), Stored.RoundTrip(new PartlyIgnored("a", "b")));
        Assert.Equal(new Money(1, "E"), Stored.RoundTrip(new Page<Money>([new(1, "E")], 1)).Items[0]);
        Assert.Null(Stored.RoundTrip(new Holder<string> { Value = null }).Value);
    }

    [Fact(DisplayName = "promise 17: an option of F# may be absent in a class of C#, and holds no null")]
    public void Options()
    {
        Assert.Null(Stored.RoundTrip(new WithOption()).Bare);
        Assert.Equal("a", Stored.RoundTrip(new WithOption { Bare = new("a"), Annotated = new("b") }).Bare.Value);
        var error = Assert.Throws<ArgumentException>(() => Stored.Json(new WithOption { Bare = new(null!) }));
        Assert.Contains("Some of null", error.Message);
        Assert.Contains("SessionCodec", error.Message);
    }

    [Fact(DisplayName = "promise 17: a value that would come back different is refused, even after another one of its type came back equal")]
    public void DifferentValues()
    {
        var none = JsonDocument.Parse("null").RootElement;
        Different<JsonElement?>(null, none, "it would come back different");
        Different(new WithElement(), new WithElement { Element = none }, "its Element would come back different");
        Different(new Swapped(1, 1), new Swapped(1, 2), "its A would come back different");
        Different(new Appending { Name = "a" }, new Appending { Name = "alice" }, "its Name would come back different");
        Different(new LeftOut(), new LeftOut { Count = 0 }, "its Count would come back different");
        Different(JsonNode.Parse("1")!, JsonValue.Create("alice\ud800"), "it would come back different");
        Different(JsonNode.Parse("1")!, JsonNode.Parse("""{"alice":1,"alice":2}"""), "cannot be read back");
    }

    [Fact(DisplayName = "of typical types only the first value of a key is read back")]
    public void Proven()
    {
        foreach (var type in new[]
                 {
                     typeof(Money), typeof(TaxedMoney), typeof(Point), typeof(Spot?), typeof(Person), typeof(GiftCart), typeof(Animal),
                     typeof(WhollyReadOnly), typeof(Included), typeof(BoundDerived), typeof(Page<Money>), typeof(Dictionary<Colour, (int, Money)>),
                 })
        {
            Assert.True(JsonTypes.verdict(type).IsProven, type.Name);
        }

        foreach (var type in new[] { typeof(Swapped), typeof(Appending), typeof(LeftOut), typeof(Populated), typeof(WithCallbacks), typeof(JsonNode) })
        {
            Assert.True(JsonTypes.verdict(type).IsUnproven, type.Name);
        }
    }

    private static void Different<T>(T good, T bad, string expected)
    {
        var key = new SessionKey<T>("price");
        var session = SessionModule.set(key, good, SessionModule.empty("web"));
        var error = Assert.Throws<ArgumentException>(() => SessionModule.set(key, bad, session));
        Assert.Contains("Key \"price\"", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.Contains("SessionCodec", error.Message);
        Assert.DoesNotContain("alice", error.ToString());
    }
}
