using System.Text.Json;
using ArrowQuant.Errors;
using ArrowQuant.Sources;

namespace ArrowQuant.Calibration;

/// <summary>One line of a JSON lines file.</summary>
internal sealed class JsonRecord
{
    private const int RankLimit = 64;

    private JsonRecord(RecordHead head, float[] values)
    {
        Head = head;
        Values = values;
    }

    /// <summary>What the record says of itself.</summary>
    public RecordHead Head { get; }

    /// <summary>Its values; numbers beyond float32 are infinite.</summary>
    public float[] Values { get; }

    /// <summary>Parses a line.</summary>
    /// <param name="line">UTF-8.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="number">The line's number, from 1.</param>
    /// <exception cref="CalibrationException">It is not an object with <c>data</c>.</exception>
    public static JsonRecord Parse(ReadOnlySpan<byte> line, string path, int number)
    {
        try
        {
            return Read(line, path, number);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            int end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            string reason = Printable.Of(end < 0 ? e.Message : e.Message[..end]);
            throw CalibrationFailure.Error(path, $"line {number} is not a JSON object: {reason}", cause: e);
        }
    }

    private static JsonRecord Read(ReadOnlySpan<byte> line, string path, int number)
    {
        Utf8JsonReader json = new(line);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
            throw Wrong(path, number, $"holds {Describe(json)}", "an object {layer, data, timestep}");
        string? layer = null;
        double? timestep = null;
        List<long>? shape = null;
        List<float>? values = null;
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            if (!seen.Add(key)) throw Wrong(path, number, $"has '{Printable.Of(key)}' twice", "each name once");
            json.Read();
            switch (key)
            {
                case "layer" when json.TokenType is JsonTokenType.String or JsonTokenType.Null:
                    layer = json.GetString();
                    break;
                case "timestep" when json.TokenType == JsonTokenType.Null:
                    break;
                case "timestep" when json.TokenType == JsonTokenType.Number:
                    timestep = json.GetDouble();
                    break;
                case "shape" when json.TokenType == JsonTokenType.Null:
                    break;
                case "shape":
                    shape = ReadShape(ref json, path, number);
                    break;
                case "data":
                    values = ReadValues(ref json, path, number);
                    break;
                case "layer" or "timestep":
                    throw Wrong(path, number, $"has {Describe(json)} as '{key}'", key == "layer" ? "a string" : "a number");
                default:
                    json.Skip();
                    break;
            }
        }

        // Only white space may follow.
        json.Read();
        if (values is null) throw Wrong(path, number, "has no 'data'", "a list of numbers");
        return new JsonRecord(new RecordHead(layer, values.Count, shape, timestep), [.. values]);
    }

    private static List<float> ReadValues(ref Utf8JsonReader json, string path, int number)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw Wrong(path, number, $"has {Describe(json)} as 'data'", "a list of numbers");
        List<float> values = [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number) throw Wrong(path, number, $"has {Describe(json)} in 'data'", "numbers");
            values.Add(json.GetSingle());
        }

        return values;
    }

    private static List<long> ReadShape(ref Utf8JsonReader json, string path, int number)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw Wrong(path, number, $"has {Describe(json)} as 'shape'", "a list of integers");
        List<long> shape = [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long dimension) || shape.Count == RankLimit)
                throw Wrong(path, number, $"has {Describe(json)} in 'shape'", $"at most {RankLimit} integers");
            shape.Add(dimension);
        }

        return shape;
    }

    private static CalibrationException Wrong(string path, int number, string found, string expected) =>
        CalibrationFailure.Error(path, $"line {number} {found}, expected {expected}");

    private static string Describe(in Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Number => "a number",
        JsonTokenType.String => "a string",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        JsonTokenType.Null => "null",
        _ => "nothing",
    };
}
