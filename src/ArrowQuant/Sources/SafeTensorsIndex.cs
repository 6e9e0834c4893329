using System.Text.Json;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The <c>*.safetensors.index.json</c> of a sharded model: which shard holds which tensor.</summary>
internal sealed class SafeTensorsIndex
{
    private SafeTensorsIndex(string path, IReadOnlyDictionary<string, string> shardOf)
    {
        Path = path;
        ShardOf = shardOf;
        Shards = [.. shardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The index file.</summary>
    public string Path { get; }

    /// <summary>From the name of a tensor to the name of its shard.</summary>
    public IReadOnlyDictionary<string, string> ShardOf { get; }

    /// <summary>The names of the shards, in ordinal order.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>Reads an index; shards are not opened.</summary>
    /// <exception cref="ModelFormatException">It is not an index.</exception>
    public static SafeTensorsIndex Read(string path)
    {
        JsonElement root = JsonFile.ReadObject(path);
        if (!root.TryGetProperty("weight_map", out JsonElement map)) throw ModelFault.Of(path, "weight_map is missing, expected an object");
        if (map.ValueKind != JsonValueKind.Object)
            throw ModelFault.Of(path, $"weight_map is {JsonFile.KindOf(map)}, expected an object from tensor to shard");
        Dictionary<string, string> shardOf = new(StringComparer.Ordinal);
        foreach (JsonProperty pair in map.EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.String)
                throw ModelFault.Of(path, $"weight_map has {JsonFile.KindOf(pair.Value)}, expected the name of a shard", pair.Name);
            shardOf.Add(pair.Name, JsonFile.TextOf(pair.Value));
        }

        if (shardOf.Count == 0) throw ModelFault.Of(path, "weight_map is empty, expected at least one tensor");
        return new SafeTensorsIndex(path, shardOf);
    }
}
