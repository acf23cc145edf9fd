using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Which files the data is in, written beside them. The server serves what it finds: with its newest checkpoint gone it would
/// start on an older one, or with nothing, and nobody would notice what is missing.
/// </summary>
internal sealed partial class DataRecord(DataFolder folder)
{
    private const string LogName = "AOF/aof.log.";

    private readonly string file = Path.Combine(folder.Path, "data.json");

    /// <summary>Compares the record with the files. A folder without a record passes: nothing was ever stored in it.</summary>
    /// <exception cref="DataLossException">Files are missing, or are not what they were.</exception>
    public void Verify()
    {
        if (Read() is not { } stored)
        {
            return;
        }

        var damage = DamageOfCheckpoint(stored) ?? DamageOfLog(stored);
        if (damage is not null)
        {
            throw new DataLossException(
                $"The data folder {folder.Path} is incomplete: {damage}. The server was not started, because it would serve the remaining data as if nothing were missing.",
                TokenOf(stored, damage));
        }
    }

    /// <summary>Takes what is there for all there is.</summary>
    public void Forget() => File.Delete(file);

    /// <summary>Called before the server writes a checkpoint: a kill from here on may leave the earlier one, the new one, or both.</summary>
    public void BeforeCheckpoint() =>
        Write((Read() ?? new Stored()) with { Superseding = [.. folder.CheckpointFiles().Select(NameOf)] });

    /// <summary>Called after the server has written a checkpoint, which covers the log up to this address.</summary>
    public void AfterCheckpoint(long covered)
    {
        var earlier = Read()!.Superseding!.ToHashSet();
        var written = folder.CheckpointFiles().Where(found => !earlier.Contains(NameOf(found))).ToList();
        Write(new Stored
        {
            Checkpoint = [.. written.Select(found => new StoredFile(NameOf(found), found.Length))],
            WrittenAt = written.Max(found => found.LastWriteTimeUtc),
            FirstLog = LogTail.SegmentAt(covered),
        });
    }

    private string? DamageOfCheckpoint(Stored stored)
    {
        var missing = stored.Checkpoint.Where(expected => !IsThere(expected)).ToList();
        var wasSuperseded = stored.Superseding is { } earlier && folder.CheckpointFiles().Any(found => !earlier.Contains(NameOf(found)));
        return missing.Count == 0 || wasSuperseded
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{missing.Count} of the {stored.Checkpoint.Count} files of its newest checkpoint, of {stored.WrittenAt:u}, are missing or cut, such as data/{missing[0].Name}");
    }

    private string? DamageOfLog(Stored stored)
    {
        if (stored.FirstLog is not { } first)
        {
            return null;
        }

        var numbers = LogNumbers().Where(number => number >= first).ToHashSet();
        for (var number = first; number <= numbers.DefaultIfEmpty(first).Max(); number++)
        {
            // While a checkpoint was being written, the log before it may have been removed already.
            if (!numbers.Contains(number) && stored.Superseding is null)
            {
                return string.Create(CultureInfo.InvariantCulture, $"the part data/{LogName}{number} of its log is missing");
            }
        }

        return Directory.Exists(LogCommits) && Directory.EnumerateFiles(LogCommits).Any() ? null : "data/AOF/log-commits, which says how far its log goes, is empty or missing";
    }

    private string LogCommits => Path.Combine(folder.Log, "log-commits");

    private bool IsThere(StoredFile expected)
    {
        var found = new FileInfo(Path.Combine(folder.Data, expected.Name));
        return found.Exists && found.Length >= expected.Bytes;
    }

    private IEnumerable<int> LogNumbers() => folder.LogSegments().Select(static segment => segment.Number);

    private string NameOf(FileInfo found) => Path.GetRelativePath(folder.Data, found.FullName).Replace('\\', '/');

    private Stored? Read()
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllText(file), StoredJson.Default.Stored) : null;
        }
        catch (JsonException e)
        {
            throw new DataLossException($"The file {file}, which says what belongs to the data, cannot be read: {e.Message.ReplaceLineEndings(" ")}", "unreadable");
        }
    }

    /// <summary>Whole or not at all, also when the machine loses power.</summary>
    private void Write(Stored stored)
    {
        var next = file + ".next";
        using (var stream = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, stored, StoredJson.Default.Stored);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    /// <summary>Stands for this loss, and for no other.</summary>
    private static string TokenOf(Stored stored, string damage) =>
        DataLossException.TokenOf(string.Create(CultureInfo.InvariantCulture, $"{stored.WrittenAt:O} {damage}"));

    /// <summary>The record as it is in the file.</summary>
    internal sealed record Stored
    {
        /// <summary>The files of the newest checkpoint.</summary>
        public IReadOnlyList<StoredFile> Checkpoint { get; init; } = [];

        /// <summary>When it was written.</summary>
        public DateTime? WrittenAt { get; init; }

        /// <summary>Number of the oldest part of the log that it does not cover. The server removes the earlier ones later.</summary>
        public int? FirstLog { get; init; }

        /// <summary>While another checkpoint is written: the files of all earlier ones.</summary>
        public IReadOnlyList<string>? Superseding { get; init; }
    }

    /// <summary>A file under the folder of the data, and its size.</summary>
    internal sealed record StoredFile(string Name, long Bytes);

    [JsonSerializable(typeof(Stored))]
    [JsonSourceGenerationOptions(WriteIndented = true)]
    private sealed partial class StoredJson : JsonSerializerContext;
}
