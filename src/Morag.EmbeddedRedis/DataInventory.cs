using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Records in <c>data.json</c> which files hold the data. The server starts with any files that it finds. Without its newest
/// checkpoint it would start from an older one, or empty, and nobody would notice the loss.
/// </summary>
internal sealed partial class DataInventory(DataFolder folder)
{
    private readonly string file = Path.Combine(folder.Path, "data.json");

    /// <summary>Compares the record with the files. A folder without a record passes: nothing has been stored in it yet.</summary>
    /// <exception cref="DataLossException">Files are missing or truncated.</exception>
    public void Verify()
    {
        if (Read() is not { } recorded)
        {
            return;
        }

        var damage = FindCheckpointDamage(recorded) ?? FindLogDamage(recorded);
        if (damage is not null)
        {
            throw new DataLossException(
                $"The data folder {folder.Path} is incomplete: {damage}.",
                "The server was not started, because it would serve the remaining data as if nothing were missing.",
                CreateToken(recorded, damage));
        }
    }

    /// <summary>Verifies the files. If the operator has accepted their loss, deletes the record instead of throwing.</summary>
    /// <returns>Whether a loss was accepted.</returns>
    /// <exception cref="DataLossException">Files are missing or truncated, and the operator has not accepted that.</exception>
    public bool VerifyUnlessAccepted(string? acceptDataLoss, Action<string> log)
    {
        try
        {
            Verify();
            return false;
        }
        catch (DataLossException loss)
        {
            loss.ThrowUnlessAccepted(acceptDataLoss, log);
            File.Delete(file);
            return true;
        }
    }

    /// <summary>Where the part of the log begins that the checkpoint does not cover, and an address up to which it was committed.</summary>
    public (long? Start, long? Committed) KnownLog()
    {
        if (Read() is not { } recorded)
        {
            return default;
        }

        // If a checkpoint was being written, the log that it covers may have been deleted already.
        var isDeleted = recorded.Superseding is not null
            && recorded.Covered is { } covered
            && !LogNumbers().Contains(LogFormat.SegmentAt(covered));
        return (isDeleted ? recorded.BeingCovered : recorded.Covered, recorded.Committed);
    }

    /// <summary>
    /// Records the address up to which the server has committed its log. Called before the server is stopped; after a kill, only the
    /// address of its start is known.
    /// </summary>
    public void RecordCommit(long end)
    {
        if (Read() is { } recorded)
        {
            Write(recorded with { Committed = end });
        }
    }

    /// <summary>Records that the log was truncated at this address, or moved away (null), because the operator accepted that.</summary>
    public void RecordTruncation(long? end)
    {
        if (Read() is { } recorded)
        {
            Write(end is null
                ? recorded with { FirstLog = null, Covered = null, BeingCovered = null, Committed = null }
                : recorded with { Committed = end });
        }
    }

    /// <summary>
    /// Records that the server is about to write a checkpoint that covers the log up to this address. A kill from here on can leave the
    /// earlier checkpoint, the new one, or both.
    /// </summary>
    public void BeginCheckpoint(long covered) => Write(
        (Read() ?? new InventoryFile()) with { Superseding = [.. folder.CheckpointFiles().Select(NameOf)], BeingCovered = covered });

    /// <summary>Records the checkpoint that the server has written.</summary>
    /// <param name="covered">The address up to which the checkpoint covers the log.</param>
    /// <param name="committed">The address up to which the log is committed.</param>
    /// <exception cref="EmbeddedRedisException">There is no new checkpoint.</exception>
    public void CompleteCheckpoint(long covered, long committed)
    {
        var earlier = Read()!.Superseding!.ToHashSet();
        var written = folder.CheckpointFiles().Where(found => !earlier.Contains(NameOf(found))).ToList();
        if (written.Count == 0)
        {
            throw new EmbeddedRedisException(
                $"The embedded Redis server reported a checkpoint, but wrote none to {folder.Data}. Start again.");
        }

        Write(new InventoryFile
        {
            Checkpoint = [.. written.Select(found => new CheckpointFile(NameOf(found), found.Length))],
            WrittenAt = written.Max(found => found.LastWriteTimeUtc),
            FirstLog = LogFormat.SegmentAt(covered),
            Covered = covered,
            Committed = committed,
        });
    }

    private string? FindCheckpointDamage(InventoryFile recorded)
    {
        var missing = recorded.Checkpoint.Where(expected => !IsComplete(expected)).ToList();
        var wasSuperseded = recorded.Superseding is { } earlier && folder.CheckpointFiles().Any(found => !earlier.Contains(NameOf(found)));
        return missing.Count == 0 || wasSuperseded
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"its newest checkpoint, of {recorded.WrittenAt:u}, has missing or truncated files "
                + $"({missing.Count} of {recorded.Checkpoint.Count}, for example data/{missing[0].Name})");
    }

    private string? FindLogDamage(InventoryFile recorded)
    {
        if (recorded.FirstLog is not { } first)
        {
            return null;
        }

        var numbers = LogNumbers().Where(number => number >= first).ToHashSet();
        for (var number = first; number <= numbers.DefaultIfEmpty(first).Max(); number++)
        {
            // If a checkpoint was being written, the log that it covers may have been deleted already.
            if (!numbers.Contains(number) && recorded.Superseding is null)
            {
                return $"{RelativePath(folder.LogSegment(number))}, a part of its log, is missing";
            }
        }

        return Directory.Exists(folder.LogCommits) && Directory.EnumerateFiles(folder.LogCommits).Any()
            ? null
            : $"{RelativePath(folder.LogCommits)}, which records how far its log goes, is empty or missing";
    }

    private bool IsComplete(CheckpointFile expected)
    {
        var found = new FileInfo(Path.Combine(folder.Data, expected.Name));
        return found.Exists && found.Length >= expected.Bytes;
    }

    private IEnumerable<int> LogNumbers() => folder.LogSegments().Select(static segment => segment.Number);

    private string NameOf(FileInfo found) => WithSlashes(Path.GetRelativePath(folder.Data, found.FullName));

    private string RelativePath(string path) => WithSlashes(Path.GetRelativePath(folder.Path, path));

    private static string WithSlashes(string path) => path.Replace('\\', '/');

    private InventoryFile? Read()
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllText(file), InventoryJson.Default.InventoryFile) : null;
        }
        catch (JsonException e)
        {
            throw new DataLossException(
                $"The file {file}, which records the files of the data, cannot be read: {e.Message.ReplaceLineEndings(" ")}.",
                "The server was not started.",
                "unreadable");
        }
    }

    /// <summary>Replaces the file atomically: a loss of power leaves the old one or the new one.</summary>
    private void Write(InventoryFile recorded)
    {
        var next = file + ".next";
        using (var stream = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, recorded, InventoryJson.Default.InventoryFile);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    private static string CreateToken(InventoryFile recorded, string damage) =>
        DataLossException.CreateToken(string.Create(CultureInfo.InvariantCulture, $"{recorded.WrittenAt:O} {damage}"));

    /// <summary>The content of <c>data.json</c>.</summary>
    internal sealed record InventoryFile
    {
        /// <summary>Files of the newest checkpoint.</summary>
        public IReadOnlyList<CheckpointFile> Checkpoint { get; init; } = [];

        /// <summary>When the newest checkpoint was written.</summary>
        public DateTime? WrittenAt { get; init; }

        /// <summary>Number of the oldest log file that the checkpoint does not cover. The server deletes earlier ones later.</summary>
        public int? FirstLog { get; init; }

        /// <summary>Address at which the part of the log begins that the checkpoint does not cover.</summary>
        public long? Covered { get; init; }

        /// <summary>Address up to which the log is known to have been committed.</summary>
        public long? Committed { get; init; }

        /// <summary>What the next checkpoint covers, while it is being written.</summary>
        public long? BeingCovered { get; init; }

        /// <summary>Files of all earlier checkpoints, while the next one is being written.</summary>
        public IReadOnlyList<string>? Superseding { get; init; }
    }

    /// <param name="Name">Path relative to the folder of the data.</param>
    /// <param name="Bytes">Size of the file.</param>
    internal sealed record CheckpointFile(string Name, long Bytes);

    [JsonSerializable(typeof(InventoryFile))]
    [JsonSourceGenerationOptions(WriteIndented = true)]
    private sealed partial class InventoryJson : JsonSerializerContext;
}
