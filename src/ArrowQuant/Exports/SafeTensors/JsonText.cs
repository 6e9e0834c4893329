using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>JSON documents as people read them.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Readable =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Indented, with a line feed at the end.</summary>
    public static string Of(JsonObject document)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, Readable)) document.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(text.ToArray()) + "\n";
    }
}
