using System.Text.Json;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// Stores the <see cref="RecordedJournal"/> in a file of the data folder. Each change is flushed to disk before it takes effect. Nodes that
/// share a folder share the record.
/// </summary>
public sealed class JournalRecord
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly string file;
    private RecordedJournal? current;

    private JournalRecord(string file) => this.file = file;

    /// <summary>The record; null if there is none.</summary>
    public RecordedJournal? Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>The full path of the file.</summary>
    public string File => file;

    /// <summary>Reads the record and verifies that it can be written.</summary>
    /// <exception cref="StoreRefusedException">The folder cannot be written, or the file cannot be read.</exception>
    public static JournalRecord Open(string file)
    {
        var record = new JournalRecord(file);
        try
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using (record.LockFile())
            {
                record.current = record.Read();
            }

            return record;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException(
                $"The node records the id of its journal in {file}, which cannot be used: {e.Message} Make it writable, or choose another "
                + "folder (MORAG_DATA).");
        }
        catch (JsonException e)
        {
            throw new StoreRefusedException(
                $"{file} cannot be read: {e.Message.ReplaceLineEndings(" ")} It records which journal this node belongs to. "
                + "Restore it from a backup. Remove it only if Redis still holds all data.");
        }
    }

    /// <summary>Merges a record into the stored one.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(RecordedJournal journal) => Change(stored => stored is null ? journal : journal.With(stored));

    /// <summary>Replaces the stored record, except for its epochs.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Replace(RecordedJournal journal) => Change(
        stored => stored is null ? journal : journal with { Epochs = RecordedJournal.HighestOf(journal.Epochs, stored.Epochs) });

    /// <summary>Raises the recorded epochs. Lower ones are ignored.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void RaiseEpochs(IReadOnlyCollection<KeyValuePair<int, long>> epochs) =>
        Change(stored => Known(stored) with { Epochs = RecordedJournal.HighestOf(Known(stored).Epochs, epochs) });

    /// <summary>Lowers the epoch of a partition, unless it has changed in the meantime.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void LowerEpoch(int partition, long from, long to) => Change(stored =>
    {
        var known = Known(stored);
        return known.Epochs.GetValueOrDefault(partition) == from ? known with { Epochs = known.Epochs.SetItem(partition, to) } : known;
    });

    private RecordedJournal Known(RecordedJournal? stored) =>
        stored ?? current ?? throw new InvalidOperationException("Epochs cannot be recorded before the journal.");

    private void Change(Func<RecordedJournal?, RecordedJournal> change)
    {
        lock (gate)
        {
            using var locked = LockFile();
            var next = change(Read());
            var temporary = file + ".next";
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(stream, next, Json);
                stream.Flush(flushToDisk: true);
            }

            System.IO.File.Move(temporary, file, overwrite: true);
            current = next;
        }
    }

    private RecordedJournal? Read() =>
        System.IO.File.Exists(file) ? JsonSerializer.Deserialize<RecordedJournal>(System.IO.File.ReadAllText(file), Json) : null;

    /// <summary>Locks the record against other processes for the duration of a write.</summary>
    private FileStream LockFile()
    {
        FileStream? locked = null;
        IOException? taken = null;
        return SpinWait.SpinUntil(TryLock, LockTimeout) ? locked! : throw taken!;

        bool TryLock()
        {
            try
            {
                locked = new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
            {
                taken = e;
            }

            return locked is not null;
        }
    }
}
