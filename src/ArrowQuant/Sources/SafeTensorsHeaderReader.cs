using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>
/// Walks the JSON of a safetensors header token by token. A document model would drop duplicate keys in silence; here each is an error.
/// </summary>
internal ref struct SafeTensorsHeaderReader
{
    private const int RankLimit = 64;
    private const int DepthLimit = 4;
    private const string MetadataKey = "__metadata__";

    private readonly string _path;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private Utf8JsonReader _json;

    public SafeTensorsHeaderReader(ReadOnlySpan<byte> json, string path)
    {
        _path = path;
        if (!Utf8.IsValid(json)) throw ModelFault.Of(path, $"the header is not UTF-8 at byte {FirstInvalid(json)}");
        if (json[0] != (byte)'{') throw ModelFault.Of(path, $"the header begins with byte 0x{json[0]:x2}, expected '{{' (a JSON object)");
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthLimit });
    }

    /// <summary>The tensors in header order.</summary>
    public List<SafeTensorsEntry> Entries { get; } = [];

    /// <summary>The pairs of <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the whole header.</summary>
    /// <exception cref="ModelFormatException">The header is not what the format says.</exception>
    public void ReadAll()
    {
        try
        {
            _json.Read();
            while (NextKey(null) is { } name)
            {
                if (!_names.Add(name)) throw ModelFault.Of(_path, "the name appears twice, expected unique names", name);
                _json.Read();
                if (name == MetadataKey) ReadMetadata();
                else Entries.Add(ReadEntry(name));
            }

            // The reader checks that only white space follows.
            _json.Read();
        }
        catch (JsonException e)
        {
            string place = $"line {e.LineNumber + 1}, byte {e.BytePositionInLine}";
            throw ModelFault.Of(_path, $"the header is not valid JSON at {place}: {Printable.Of(Reason(e))}", null, e);
        }
        catch (InvalidOperationException e)
        {
            // A string with an escape that is half of a surrogate pair.
            throw ModelFault.Of(_path, $"the header holds a string that is not Unicode text near byte {_json.TokenStartIndex}", null, e);
        }
    }

    private static string Reason(JsonException e)
    {
        int position = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return position < 0 ? e.Message : e.Message[..position];
    }

    private static long FirstInvalid(ReadOnlySpan<byte> text)
    {
        int position = 0;
        while (Rune.DecodeFromUtf8(text[position..], out _, out int consumed) == System.Buffers.OperationStatus.Done) position += consumed;
        return position;
    }

    // The key of the next pair of the object that is being read, or null at its end.
    private string? NextKey(string? tensor)
    {
        _json.Read();
        return _json.TokenType switch
        {
            JsonTokenType.EndObject => null,
            JsonTokenType.PropertyName => _json.GetString(),
            _ => throw Unexpected(tensor, "a JSON object"),
        };
    }

    private void ReadMetadata()
    {
        if (_json.TokenType != JsonTokenType.StartObject) throw Unexpected(MetadataKey, "an object of strings");
        while (NextKey(MetadataKey) is { } key)
        {
            _json.Read();
            if (_json.TokenType != JsonTokenType.String) throw Unexpected(MetadataKey, $"a string for '{Printable.Of(key)}'");
            if (!Metadata.TryAdd(key, _json.GetString()!))
                throw ModelFault.Of(_path, $"the key '{Printable.Of(key)}' appears twice, expected unique keys", MetadataKey);
        }
    }

    private SafeTensorsEntry ReadEntry(string name)
    {
        if (_json.TokenType != JsonTokenType.StartObject) throw Unexpected(name, "an object with dtype, shape and data_offsets");
        string? dtype = null;
        List<long>? dimensions = null;
        List<long>? offsets = null;
        while (NextKey(name) is { } key)
        {
            _json.Read();
            bool repeated = key switch { "dtype" => dtype is not null, "shape" => dimensions is not null, _ => offsets is not null };
            if (key is not ("dtype" or "shape" or "data_offsets"))
                throw ModelFault.Of(_path, $"unknown key '{Printable.Of(key)}', expected dtype, shape and data_offsets", name);
            if (repeated) throw ModelFault.Of(_path, $"the key '{key}' appears twice, expected once", name);
            if (key == "dtype") dtype = ReadString(name);
            else if (key == "shape") dimensions = ReadNumbers(name, key, RankLimit);
            else offsets = ReadNumbers(name, key, 2);
        }

        return Check(
            name,
            dtype ?? throw Missing(name, "dtype"),
            dimensions ?? throw Missing(name, "shape"),
            offsets ?? throw Missing(name, "data_offsets"));
    }

    private readonly ModelFormatException Missing(string name, string key) =>
        ModelFault.Of(_path, $"{key} is missing, expected dtype, shape and data_offsets", name);

    private readonly string ReadString(string name) =>
        _json.TokenType == JsonTokenType.String ? _json.GetString()! : throw Unexpected(name, "a string for dtype");

    private List<long> ReadNumbers(string name, string key, int limit)
    {
        if (_json.TokenType != JsonTokenType.StartArray) throw Unexpected(name, $"an array of integers for {key}");
        List<long> numbers = [];
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long number) || number < 0)
                throw Unexpected(name, $"integers from 0 to {long.MaxValue} in {key}");
            if (numbers.Count == limit) throw ModelFault.Of(_path, $"{key} has more than {limit} numbers, expected at most {limit}", name);
            numbers.Add(number);
        }

        return numbers;
    }

    private readonly SafeTensorsEntry Check(string name, string dtype, List<long> dimensions, List<long> offsets)
    {
        if (!ElementTypes.TryParseSafeTensors(dtype, out ElementType type))
        {
            string known = string.Join(", ", Enum.GetValues<ElementType>().Select(ElementTypes.SafeTensorsName));
            throw ModelFault.Of(_path, $"unknown dtype '{Printable.Of(dtype)}', expected one of {known}", name);
        }

        if (offsets.Count != 2) throw ModelFault.Of(_path, $"data_offsets has {offsets.Count} numbers, expected 2 (begin, end)", name);
        if (offsets[0] > offsets[1])
            throw ModelFault.Of(_path, $"data_offsets [{offsets[0]}, {offsets[1]}] end before they begin, expected begin <= end", name);
        TensorShape shape = ShapeOf(name, dimensions);
        long size = SizeOf(name, type, shape);
        if (offsets[1] - offsets[0] != size)
        {
            throw ModelFault.Of(
                _path, $"data_offsets span {offsets[1] - offsets[0]} bytes, expected {size} for {dtype} {shape}", name);
        }

        return new SafeTensorsEntry(name, type, shape, offsets[0], offsets[1]);
    }

    private readonly TensorShape ShapeOf(string name, List<long> dimensions)
    {
        try
        {
            return new TensorShape([.. dimensions]);
        }
        catch (OverflowException e)
        {
            string shape = $"[{string.Join(", ", dimensions)}]";
            throw ModelFault.Of(_path, $"shape {shape} overflows, expected fewer than 2^63 elements", name, e);
        }
    }

    private readonly long SizeOf(string name, ElementType type, TensorShape shape)
    {
        try
        {
            return type.ByteLength(shape.ElementCount)
                ?? throw ModelFault.Of(
                    _path, $"{type.SafeTensorsName()} {shape} does not fill whole bytes, expected a multiple of 8 bits", name);
        }
        catch (OverflowException e)
        {
            throw ModelFault.Of(_path, $"{type.SafeTensorsName()} {shape} overflows, expected fewer than 2^63 bytes", name, e);
        }
    }

    private readonly ModelFormatException Unexpected(string? tensor, string expected) => ModelFault.Of(
        _path, $"found {Describe()} at byte {_json.TokenStartIndex} of the header, expected {expected}", tensor);

    private readonly string Describe() => _json.TokenType switch
    {
        JsonTokenType.Number => $"the number {Printable.Of(Encoding.UTF8.GetString(_json.ValueSpan))}",
        JsonTokenType.String => $"the string '{Printable.Of(_json.GetString()!)}'",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        _ => "the end of the value",
    };
}
