using System.Text.Json;
using System.Text.Unicode;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The small JSON files beside weights: config.json, metadata.json, the indexes.</summary>
internal static class JsonFile
{
    private const long LengthLimit = 256L << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a file that must hold one JSON object without duplicate keys.</summary>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a JSON object; the message has line and byte.</exception>
    /// <exception cref="ResourceException">It cannot be read.</exception>
    public static JsonElement ReadObject(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = ModelFile.OpenHandle(path);
        long length = RandomAccess.GetLength(handle);
        if (length > LengthLimit) throw ModelFault.Of(path, $"the file has {length} bytes, expected at most {LengthLimit} of JSON");
        byte[] text = new byte[length];
        ModelFile.ReadExactly(handle, path, 0, text);
        ReadOnlyMemory<byte> json = text.AsSpan().StartsWith("\uFEFF"u8) ? text.AsMemory(3) : text;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw ModelFault.Of(path, $"found {KindOf(document.RootElement)}, expected a JSON object");
            RequireUnicode(json.Span);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            string reason = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
            string place = e.LineNumber is { } line ? $" at line {line + 1}, byte {e.BytePositionInLine + 1}" : "";
            throw ModelFault.Of(path, $"not valid JSON{place}: {Printable.Of(reason)}", null, e);
        }
        catch (InvalidOperationException e)
        {
            throw ModelFault.Of(path, "not valid JSON: a string is not Unicode text", null, e);
        }
    }

    // The document model finds such text only when it is asked for, far from any place that knows the file.
    private static void RequireUnicode(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        while (reader.Read())
        {
            bool isText = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
            if (isText && (reader.ValueIsEscaped || !Utf8.IsValid(reader.ValueSpan))) reader.GetString();
        }
    }

    /// <summary>The string under <paramref name="key"/>, or null when there is none or it is no string.</summary>
    public static string? StringOf(JsonElement parent, string key) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(key, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? TextOf(value)
            : null;

    /// <summary>The text of a string; one that is not Unicode text is replaced by nothing that matters: an empty string.</summary>
    public static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    /// <summary>What a value is, for messages.</summary>
    public static string KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
