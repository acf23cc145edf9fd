using System.Text.Json;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// The <see cref="RecordedJournal"/> in a file of the data folder. Each change is on disk before it counts; nodes that share a folder share
/// the record.
/// </summary>
public sealed class JournalRecord
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly string file;
    private RecordedJournal? current;

    private JournalRecord(string file) => this.file = file;

    /// <summary>What is recorded; null where nothing is.</summary>
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

    /// <summary>Full path of the file.</summary>
    public string File => file;

    /// <summary>Reads the record, and makes sure that it can be written.</summary>
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
                $"The node keeps the id of its journal in {file}, which cannot be used: {e.Message} Make it writable, or choose another folder (MORAG_DATA).");
        }
        catch (JsonException e)
        {
            throw new StoreRefusedException(
                $"{file} cannot be read: {e.Message.ReplaceLineEndings(" ")} It says which journal this node belongs to. Restore it from a backup; "
                + "remove it only if Redis holds all its data.");
        }
    }

    /// <summary>Records this, and what the file holds besides.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(RecordedJournal journal) => Change(stored => stored is null ? journal : journal.With(stored));

    /// <summary>Records this in place of all that was known, except for the epochs.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void BeginAnew(RecordedJournal journal) => Change(
        stored => stored is null ? journal : journal with { Epochs = RecordedJournal.HighestOf(journal.Epochs, stored.Epochs) });

    /// <summary>Records epochs, where they are above those that are recorded.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void RaiseEpochs(IReadOnlyCollection<KeyValuePair<int, long>> epochs) =>
        Change(stored => Known(stored) with { Epochs = RecordedJournal.HighestOf(Known(stored).Epochs, epochs) });

    /// <summary>Records a lower epoch for a partition, unless somebody has recorded another one meanwhile.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void LowerEpoch(int partition, long from, long to) => Change(
        stored => Known(stored).Epochs.GetValueOrDefault(partition) == from ? Known(stored) with { Epochs = Known(stored).Epochs.SetItem(partition, to) } : Known(stored));

    private RecordedJournal Known(RecordedJournal? stored) =>
        stored ?? current ?? throw new InvalidOperationException("Epochs are recorded of a journal that is known");

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

    /// <summary>Others hold it for as long as they write.</summary>
    private FileStream LockFile()
    {
        FileStream? locked = null;
        IOException? taken = null;
        return SpinWait.SpinUntil(TryLock, LongestWait) ? locked! : throw taken!;

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
