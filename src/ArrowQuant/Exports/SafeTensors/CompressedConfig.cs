using System.Text.Json.Nodes;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>The <c>quantization_config</c> of a config.json that tells Hugging Face libraries how packed layers are to be read.</summary>
internal static class CompressedConfig
{
    /// <summary>
    /// The document: one group of modules for each width and group size; modules that stayed dequantized are to be ignored.
    /// </summary>
    public static JsonObject Of(IReadOnlyList<StoredLayer> packed, IReadOnlyList<StoredLayer> dequantized)
    {
        JsonObject groups = [];
        IEnumerable<IGrouping<(int Bits, int? GroupSize), StoredLayer>> alike = packed.GroupBy(
            layer => (layer.BitWidth, layer.Header.Format is { Groups: { GroupsPerRow: > 1 } grid } ? grid.GroupSize : (int?)null));
        foreach (IGrouping<(int Bits, int? GroupSize), StoredLayer> group in alike)
        {
            groups.Add($"group_{groups.Count}", new JsonObject
            {
                ["targets"] = Names(group),
                ["weights"] = Weights(group.Key.Bits, group.Key.GroupSize),
                ["input_activations"] = null,
                ["output_activations"] = null,
            });
        }

        return new JsonObject
        {
            ["quant_method"] = "compressed-tensors",
            ["format"] = "pack-quantized",
            ["quantization_status"] = "compressed",
            ["config_groups"] = groups,
            ["ignore"] = Names(dequantized.Where(layer => layer.Shape.Rank == 2)),
            ["kv_cache_scheme"] = null,
        };
    }

    private static JsonObject Weights(int bits, int? groupSize) => new()
    {
        ["num_bits"] = bits,
        ["type"] = "int",
        ["symmetric"] = false,
        ["strategy"] = groupSize is null ? "channel" : "group",
        ["group_size"] = groupSize,
        ["dynamic"] = false,
        ["observer"] = "minmax",
    };

    private static JsonArray Names(IEnumerable<StoredLayer> layers) =>
        [.. layers.Select(layer => JsonValue.Create(PackedLayer.ModuleOf(layer)))];
}
