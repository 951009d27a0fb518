using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.FSharp.Core;

namespace CSharp.Tests.Codecs;

internal sealed class Lines
{
    private readonly List<string> _lines = [];

    public string Id { get; set; } = "";

    public void Add(string line) => _lines.Add(line);
}

internal sealed class CountedLines
{
    private readonly List<string> _lines = [];

    public string Id { get; set; } = "";

    public IReadOnlyList<string> All => _lines;
}

internal sealed class IgnoredCount
{
    private readonly List<string> _lines = [];

    public string Id { get; set; } = "";

    [JsonIgnore]
    public int Count => _lines.Count;

    public void Add(string line) => _lines.Add(line);
}

internal sealed class CountingReads
{
    private string _name = "";
    private int _reads;

    public string Name
    {
        get
        {
            _reads++;
            return _name;
        }

        set => _name = value;
    }

    public int Reads() => _reads;
}

internal sealed class NotPublic
{
    public int Number { get; set; }

    internal string Secret { get; set; } = "";
}

internal struct PrivateInStruct(int hidden)
{
    private readonly int _hidden = hidden;

    public int Number { get; set; }

    public readonly int Hidden() => _hidden;
}

internal class BaseOfShadow
{
    public virtual int Number { get; set; }
}

internal sealed class Overriding : BaseOfShadow
{
    public override int Number { get; set; }
}

internal sealed class Shadowing : BaseOfShadow
{
    public new int Number { get; set; }
}

[JsonDerivedType(typeof(DerivedOfSecret), "derived")]
internal abstract class SecretBase
{
    private int _secret = 4;

    public int Next() => _secret++;
}

internal sealed class DerivedOfSecret : SecretBase
{
    public int Number { get; set; }
}

[InlineArray(4)]
internal struct FourNumbers
{
    public int First;
}

internal sealed class TaggedList : List<int>
{
    private string _tag = "";

    public void Tag(string tag) => _tag += tag;
}

internal sealed class WithOption
{
    public FSharpOption<string>? Annotated { get; set; }

    public FSharpOption<string> Bare { get; set; } = FSharpOption<string>.None;
}

internal sealed class WithElement
{
    public JsonElement? Element { get; set; }
}

internal sealed class Swapped(int a, int b)
{
    public int A { get; } = b;

    public int B { get; } = a;
}

internal sealed class Appending
{
    private string _name = "";

    public string Name
    {
        get => _name;
        set => _name = value.Length > 2 ? value + "!" : value;
    }
}

internal sealed class LeftOut
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Count { get; set; } = 5;
}

internal sealed class Included
{
    [JsonInclude]
    private List<string> _items = [];

    [JsonInclude]
    internal int Number { get; private set; }

    public IReadOnlyList<string> Items => _items;

    public void Add(string item)
    {
        _items.Add(item);
        Number++;
    }
}

internal class BoundToFields(string name, int number)
{
    private readonly string _name = name;

    public string Name => _name;

    public int Number { get; } = number;
}

internal sealed class BoundDerived : BoundToFields
{
    public BoundDerived(string name, int number, bool flag)
        : base(name, number) => Flag = flag;

    public bool Flag { get; }
}

internal sealed class Notifying : INotifyPropertyChanged
{
    private int _number;

    public event PropertyChangedEventHandler? PropertyChanged;

    public int Number
    {
        get => _number;
        set
        {
            _number = value;
            PropertyChanged?.Invoke(this, new PropertyChangedEventArgs(nameof(Number)));
        }
    }
}

internal sealed class Locking
{
    private readonly object _gate;
    private readonly Lock _lock = new();

    public Locking() => _gate = new object();

    private Locking(object gate) => _gate = gate;

    public int Number { get; set; }

    public static Locking With(object gate) => new(gate);

    public object Gate()
    {
        lock (_lock)
        {
            return _gate;
        }
    }
}

internal sealed class MarkedCaches
{
    [NonSerialized]
    private string? _first;

    [JsonIgnore]
    private string? _second;

    public int Number { get; set; }

    public string First() => _first ??= $"{Number}";

    public string Second() => _second ??= $"{Number}";
}

internal sealed class LazilyMade
{
    private List<int>? _items;

    public List<int> Items
    {
        get => _items ??= [];
        set => _items = value;
    }
}

internal sealed class Populated
{
    private readonly List<string> _list = [];

    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public List<string> Items => _list;
}

internal sealed class WithCallbacks : IJsonOnSerializing, IJsonOnDeserialized
{
    [JsonIgnore]
    public string Name { get; set; } = "";

    public string Stored { get; set; } = "";

    public void OnSerializing() => Stored = Name;

    public void OnDeserialized() => Name = Stored;
}

internal sealed record PartlyIgnored(string Name, [property: JsonIgnore] string? Cache);

internal sealed record Page<T>(IReadOnlyList<T> Items, int Total);

internal sealed class Holder<T>
{
    public T? Value { get; set; }
}
