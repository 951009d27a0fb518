using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using Xunit;

namespace CSharp.Tests.Codecs;

/// <summary>What C# has for types comes back the same through the default codec, or is refused.</summary>
public class DefaultCodecTests
{
    [Fact(DisplayName = "promise 17: records, record structs, enums and plain values of C# come back equal")]
    public void EqualOnes()
    {
        Same(new Money(1.10m, "EUR"));
        Same(new Point(1, 2));
        Same(new Spot(1, null));
        Same<Spot?>(new Spot(1, "a"));
        Same<Spot?>(null);
        Same(Colour.Green);
        Same((Colour)99);
        Same(Rights.Read | Rights.Write);
        Same<Colour?>(null);
        Same(new DateOnly(2026, 3, 1));
        Same(new TimeOnly(1, 2, 3, 4, 5));
        Same(TimeSpan.FromTicks(12_345));
        Same((Int128)5);
        Same(new Uri("https://example.org/a?b"));
        Same(new Range2(1, 2));
        Same(new { Id = 1, Name = "a" });
        Same<string?>(null);
    }

    [Fact(DisplayName = "promise 17: a DateTime comes back with its kind")]
    public void Kinds()
    {
        foreach (var kind in Enum.GetValues<DateTimeKind>())
        {
            var time = DateTime.SpecifyKind(new DateTime(2026, 3, 1, 12, 0, 0).AddTicks(1), kind);
            var read = Stored.RoundTrip(time);
            Assert.Equal((time, kind), (read, read.Kind));
        }
    }

    [Fact(DisplayName = "promise 17: tuples of C# come back equal, long and nested ones too; their names are not stored")]
    public void Tuples()
    {
        Same((Id: 1, Name: (string?)null));
        Same((1, (2, "b"), 3, 4, 5, 6, 7, 8, 9));
        Same(Tuple.Create(1, "a"));
        Assert.Equal("""{"k":{"Item1":1,"Item2":"a"}}""", Stored.Json((Id: 1, Name: "a")));
    }

    [Fact(DisplayName = "promise 17: collections of C# come back with their items, in their order")]
    public void Collections()
    {
        SameItems(ImmutableArray.Create(1, 2));
        SameItems(ImmutableList.Create("a", "b"));
        SameItems(new HashSet<string> { "a" });
        SameItems(new Queue<int>([1, 2]));
        SameItems(new Money[] { new(1, "E") });
        SameItems<IReadOnlyList<int>>([1, 2]);
        SameItems(new Dictionary<string, Money> { ["a"] = new(1, "E") });
        SameItems(new Dictionary<Colour, int> { [Colour.Green] = 1 });
        SameItems(new Dictionary<DateOnly, int> { [new DateOnly(2026, 3, 1)] = 1 });
        SameItems(ImmutableDictionary<int, string>.Empty.Add(3, "c"));
    }

    [Fact(DisplayName = "promise 17: a property that only its class may set comes back too, with no setter, a private or an inherited one")]
    public void ClosedProperties()
    {
        var cart = new GiftCart { Id = "x", Note = "n" };
        cart.Add(new Money(2, "EUR"));
        var read = Stored.RoundTrip(cart);

        Assert.Equal([new Money(0, "first"), new Money(2, "EUR")], read.Items);
        Assert.Equal(("x", "n", 1, 2m), (read.Id, read.Note, read.Total, read.Sum));
    }

    [Fact(DisplayName = "promise 17: a reference that may be null may be null, and one that may not be is refused and never read as null")]
    public void Nullability()
    {
        var read = Stored.RoundTrip(new Person { Name = "a", Nickname = null });
        Assert.Equal(("a", null), (read.Name, read.Nickname));

        var error = Assert.Throws<ArgumentException>(() => Stored.Json(new Person { Name = null!, Nickname = "secret" }));
        Assert.Contains("Name", error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.NotNull(Stored.Read<Person>("""{"Name":null}""").Error);
        Assert.NotNull(Stored.Read<Person>("{}").Error);
    }

    [Fact(DisplayName = "promise 17: a hierarchy that names its classes comes back as those, and a class that it does not name is refused")]
    public void Hierarchies()
    {
        var read = Stored.RoundTrip<List<Animal>>([new Dog { Name = "d", Bones = 2, Tricks = { "sit" } }, new Cat { Lives = 9 }]);
        var dog = Assert.IsType<Dog>(read[0]);
        Assert.Equal(("d", 2, "sit"), (dog.Name, dog.Bones, Assert.Single(dog.Tricks)));
        Assert.Equal(9, Assert.IsType<Cat>(read[1]).Lives);

        Assert.Contains("Bird", Assert.Throws<ArgumentException>(() => Stored.Json<Animal>(new Bird())).Message);
    }

    [Fact(DisplayName = "promise 17: a base among its own derived types needs no discriminator")]
    public void MarkedHierarchy()
    {
        Assert.Equal(4, Stored.RoundTrip(new Vehicle { Wheels = 4 }).Wheels);
        Assert.Equal("n", Assert.IsType<NamedVehicle>(Stored.RoundTrip<Vehicle>(new NamedVehicle { Name = "n" })).Name);
        Assert.Equal(1, Assert.IsType<MarkedBase>(Stored.RoundTrip(new MarkedBase { X = 1 })).X);
        Assert.Equal(2, Assert.IsType<MarkedChild>(Stored.RoundTrip<MarkedBase>(new MarkedChild { Y = 2 })).Y);
    }

    [Fact(DisplayName = "promise 17: public readonly fields of classes and structs come back")]
    public void ReadOnlyOnes()
    {
        var read = Stored.RoundTrip(new ReadOnlyFields(7, "t") { Name = "n" });
        Assert.Equal((7, "t", "n"), (read.Number, read.Text, read.Name));
        Assert.Null(Stored.RoundTrip(new ReadOnlyFields(7, null)).Text);
        Same(new HalfReadOnly(3, 4));
        Same(new WhollyReadOnly(3, "y"));
        Same<WhollyReadOnly?>(new WhollyReadOnly(5, "z"));
        SameItems(new[] { new HalfReadOnly(1, 2) });
    }

    [Fact(DisplayName = "promise 17: a type that would lose something is refused at the first use, with the type, the reason and what to use")]
    public void Refused()
    {
        foreach (var (message, expected) in new[]
                 {
                     (Stored.Refused<Money>(new TaxedMoney(1, "E", 2)), "TaxedMoney (stored as its base Money"),
                     (Stored.Refused<Shape?>(null), "Shape (an abstract type"),
                     (Stored.Refused<object>(1), "Object (its type would be forgotten)"),
                     (Stored.Refused(new Dictionary<string, object>()), "Object in Dictionary<String, Object> (its type would be forgotten)"),
                     (Stored.Refused(new List<Dictionary<string, object?>[]>()), "Object in List<Dictionary<String, Object>[]> (its type would be forgotten)"),
                     (Stored.Refused(new Hidden()), "Hidden (its property Items cannot be set, and what _items holds would be lost)"),
                     (Stored.Refused(new PrefixHidden()), "PrefixHidden (its property Items cannot be set, and what m_items holds would be lost)"),
                     (Stored.Refused<Unmarked>(new UnmarkedChild()), "Unmarked (its [JsonDerivedType] for UnmarkedChild has no discriminator"),
                     (Stored.Refused(new List<Unmarked>()), "UnmarkedChild has no discriminator: it would come back as Unmarked"),
                     (Stored.Refused<Vehicle>(new UnnamedVehicle()), "UnnamedVehicle (stored as its base Vehicle"),
                     (Stored.Refused<Part?>(null), "HiddenPart (its property Items cannot be set"),
                     (Stored.Refused(PrivatelyMade.Make()), "PrivatelyMade (it has no public constructor"),
                     (Stored.Refused(new TwoWays(1)), "TwoWays (it has no public constructor, or several"),
                     (Stored.Refused(new Renamed("a")), "Renamed (a parameter of its constructor"),
                     (Stored.Refused(new LabelledList()), "LabelledList (a collection with properties of its own"),
                     (Stored.Refused(new Stack<int>()), "Stack"),
                     (Stored.Refused(FrozenSet<int>.Empty), "FrozenSet"),
                     (Stored.Refused(new ReadOnlyCollection<int>([])), "ReadOnlyCollection"),
                     (Stored.Refused(new Dictionary<Money, int>()), "Money in Dictionary<Money, Int32> (no text that could be a key of a dictionary or map)"),
                 })
        {
            Assert.Contains(expected, message);
            Assert.Contains("SessionCodec", message);
        }
    }

    [Fact(DisplayName = "promise 17: a value that cannot be stored raises where it is set: a default ImmutableArray, not a number")]
    public void Values()
    {
        Assert.Throws<ArgumentException>(() => Stored.Json(default(ImmutableArray<int>)));
        Assert.Throws<ArgumentException>(() => Stored.Json(double.NaN));
        Assert.Throws<ArgumentException>(() => Stored.Json("\ud800"));
    }

    private static void Same<T>(T value) => Assert.Equal(value, Stored.RoundTrip(value));

    private static void SameItems<T>(T items)
        where T : System.Collections.IEnumerable
    {
        var read = Stored.RoundTrip(items);
        Assert.Equal(items.Cast<object>(), read.Cast<object>());

        if (!typeof(T).IsInterface)
        {
            Assert.IsType<T>(read);
        }
    }
}
