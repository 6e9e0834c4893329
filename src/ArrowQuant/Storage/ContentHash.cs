using System.IO.Hashing;
using System.Security.Cryptography;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>Hashes of whole files, as metadata.json lists them.</summary>
internal static class ContentHash
{
    private const int BufferBytes = 1 << 20;

    /// <summary>XXH128 as 32 lower-case hexadecimal digits.</summary>
    public static string Xxh128(ReadOnlySpan<byte> bytes) => StoredRowCodec.HashText(XxHash128.HashToUInt128(bytes));

    /// <summary>XXH128 of a whole file.</summary>
    public static UInt128 OfFile(string path)
    {
        XxHash128 hash = new();
        using FileStream file = new(RegularFile.Open(path), FileAccess.Read, 0);
        hash.Append(file);
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>Requires that a file still has the bytes that it had when its hashes were taken.</summary>
    /// <param name="path">The file.</param>
    /// <param name="xxh128">Its XXH128.</param>
    /// <param name="sha256">Its SHA-256, or null.</param>
    /// <param name="cancellationToken">Stops between pieces of the file.</param>
    /// <exception cref="ModelNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">It has other bytes.</exception>
    public static void Verify(string path, string xxh128, string? sha256, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) throw Failures.Missing(path);
        XxHash128 fast = new();
        using IncrementalHash? secure = sha256 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (FileStream file = new(RegularFile.Open(path), FileAccess.Read, 0))
        {
            byte[] buffer = new byte[Math.Clamp(file.Length, 1, BufferBytes)];
            for (int read; (read = file.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                fast.Append(buffer.AsSpan(0, read));
                secure?.AppendData(buffer, 0, read);
            }
        }

        Require("XXH128", StoredRowCodec.HashText(fast.GetCurrentHashAsUInt128()), xxh128);
        if (secure is not null) Require("SHA-256", Convert.ToHexStringLower(secure.GetCurrentHash()), sha256!);

        void Require(string name, string found, string expected)
        {
            if (found == expected) return;
            throw Failures.Format(path, null, $"has {name} {found}, {ArtefactLayout.MetadataFile} says {expected}: its bytes were changed");
        }
    }
}
