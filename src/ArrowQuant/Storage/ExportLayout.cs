using System.Text.Json;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>What makes a folder an export: the document <c>export.json</c>, which says so.</summary>
internal static class ExportLayout
{
    public const string ReportFile = "export.json";
    public const string KindName = "arrowquant_export";

    /// <summary>True when <paramref name="folder"/> has an export.json that this program wrote.</summary>
    /// <exception cref="ResourceException">It cannot be read.</exception>
    public static bool IsExport(string folder)
    {
        string path = Path.Combine(folder, ReportFile);
        try
        {
            if (!File.Exists(path)) return false;
            using JsonDocument document = JsonDocument.Parse(BoundedFile.ReadAllBytes(path));
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("kind", out JsonElement kind) && kind.ValueEquals(KindName);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.Resource(path, $"cannot be read: {e.Message}", e);
        }
    }
}
