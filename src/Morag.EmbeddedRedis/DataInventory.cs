using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Which files the data is in, written beside them. The server serves what it finds: with its newest checkpoint gone it would
/// start on an older one, or with nothing, and nobody would notice what is missing.
/// </summary>
internal sealed partial class DataInventory(DataFolder folder)
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
                $"The data folder {folder.Path} is incomplete: {damage}.",
                "The server was not started, because it would serve the remaining data as if nothing were missing.",
                TokenOf(stored, damage));
        }
    }

    /// <summary>Verifies, and takes what is there for all there is if that loss is accepted; whether it was.</summary>
    /// <exception cref="DataLossException">Files are missing, or are not what they were, and that is not accepted.</exception>
    public bool AcceptLoss(string? acceptDataLoss, Action<string> log)
    {
        try
        {
            Verify();
            return false;
        }
        catch (DataLossException found)
        {
            found.ThrowUnlessAccepted(acceptDataLoss, log);
            File.Delete(file);
            return true;
        }
    }

    /// <summary>Where the part of the log begins that the checkpoint does not cover, and an address up to which it was committed.</summary>
    public (long? From, long? Committed) KnownLog()
    {
        if (Read() is not { } stored)
        {
            return default;
        }

        // While a checkpoint was being written, the log before it may have been removed already.
        var isRemoved = stored.Superseding is not null
            && stored.Covered is { } covered
            && !LogNumbers().Contains(LogTail.SegmentAt(covered));
        return (isRemoved ? stored.BeingCovered : stored.Covered, stored.Committed);
    }

    /// <summary>
    /// Called when the server has committed its log up to this address, and is about to be stopped. After a kill, only what was known when
    /// it started is known of it.
    /// </summary>
    public void Committed(long end)
    {
        if (Read() is { } stored)
        {
            Write(stored with { Committed = end });
        }
    }

    /// <summary>Called when the log was cut at this address, or moved away (null), and that loss was accepted.</summary>
    public void LogEndsAt(long? end)
    {
        if (Read() is { } stored)
        {
            Write(end is null
                ? stored with { FirstLog = null, Covered = null, BeingCovered = null, Committed = null }
                : stored with { Committed = end });
        }
    }

    /// <summary>
    /// Called before the server writes a checkpoint that covers the log up to this address: a kill from here on may leave the earlier one,
    /// the new one, or both.
    /// </summary>
    public void BeforeCheckpoint(long covered) =>
        Write((Read() ?? new Stored()) with { Superseding = [.. folder.CheckpointFiles().Select(NameOf)], BeingCovered = covered });

    /// <summary>Called after the server has written a checkpoint, which covers the log up to this address.</summary>
    /// <param name="covered">Where the part of the log begins that the checkpoint does not cover.</param>
    /// <param name="committed">The address up to which the log is committed.</param>
    public void AfterCheckpoint(long covered, long committed)
    {
        var earlier = Read()!.Superseding!.ToHashSet();
        var written = folder.CheckpointFiles().Where(found => !earlier.Contains(NameOf(found))).ToList();
        if (written.Count == 0)
        {
            throw new EmbeddedRedisException(
                $"The embedded Redis server reported a checkpoint, but wrote none to {folder.Data}. Start again.");
        }

        Write(new Stored
        {
            Checkpoint = [.. written.Select(found => new StoredFile(NameOf(found), found.Length))],
            WrittenAt = written.Max(found => found.LastWriteTimeUtc),
            FirstLog = LogTail.SegmentAt(covered),
            Covered = covered,
            Committed = committed,
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

        return Directory.Exists(folder.LogCommits) && Directory.EnumerateFiles(folder.LogCommits).Any() ? null : "data/AOF/log-commits, which says how far its log goes, is empty or missing";
    }

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
            throw new DataLossException(
                $"The file {file}, which says what belongs to the data, cannot be read: {e.Message.ReplaceLineEndings(" ")}.",
                "The server was not started.",
                "unreadable");
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

        /// <summary>Address at which the part of the log begins that it does not cover.</summary>
        public long? Covered { get; init; }

        /// <summary>Address up to which the log is known to have been committed.</summary>
        public long? Committed { get; init; }

        /// <summary>While another checkpoint is written: what that one covers.</summary>
        public long? BeingCovered { get; init; }

        /// <summary>While another checkpoint is written: the files of all earlier ones.</summary>
        public IReadOnlyList<string>? Superseding { get; init; }
    }

    /// <summary>A file under the folder of the data, and its size.</summary>
    internal sealed record StoredFile(string Name, long Bytes);

    [JsonSerializable(typeof(Stored))]
    [JsonSourceGenerationOptions(WriteIndented = true)]
    private sealed partial class StoredJson : JsonSerializerContext;
}
