using System.Buffers.Binary;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Reading a log of two pages in the format of the server.</summary>
public sealed class LogReaderSpecs : IAsyncLifetime
{
    private const long PageBytes = LogFormat.PageBytes;
    private const int Entry = 3_000_000;

    private readonly string path = Directory.CreateTempSubdirectory("morag-log-").FullName;
    private readonly List<long> commits = [];
    private DataFolder folder = null!;
    private long end;

    private string LogFile => folder.LogSegment(0);

    public async Task InitializeAsync()
    {
        folder = await DataFolder.OpenAsync(path, static _ => { }, CancellationToken.None);
        Directory.CreateDirectory(folder.Log);
        await using var log = new FileStream(LogFile, FileMode.Create);
        end = 64;
        for (var number = 1; end < PageBytes + (3 * Entry); number++)
        {
            Append(log, Entry, static (_, _) => { });
            var commit = number;
            Append(log, -LogFormat.CommitBytes + sizeof(int), (record, until) => WriteCommit(record, until, commit));
            commits.Add(end);
        }
    }

    public Task DisposeAsync()
    {
        folder.Dispose();
        Directory.Delete(path, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void Should_read_up_to_the_last_commit_when_records_span_two_pages() => Assert.Equal(end, LogReader.FindReadableEnd(folder, 64));

    /// <summary>The server would continue with the next page.</summary>
    [Fact]
    public void Should_stop_when_zeros_are_not_the_end_of_a_page() =>
        Assert.Equal(commits[3], ReadableWith(new byte[sizeof(int)], commits[3]));

    [Theory]
    [InlineData(-40)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Should_stop_when_a_record_has_a_wrong_length(int length)
    {
        var header = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(header, length);

        Assert.Equal(commits[3], ReadableWith(header, commits[3]));
    }

    [Fact]
    public void Should_stop_when_a_page_is_empty() =>
        Assert.Equal(commits.Last(static commit => commit < PageBytes), ReadableWith(new byte[Entry], PageBytes));

    [Fact]
    public void Should_read_nothing_when_the_log_is_missing()
    {
        File.Delete(LogFile);

        Assert.Equal(64, LogReader.FindReadableEnd(folder, 64));
    }

    private long ReadableWith(byte[] damage, long at)
    {
        using (var log = File.OpenWrite(LogFile))
        {
            log.Position = at;
            log.Write(damage);
        }

        return LogReader.FindReadableEnd(folder, 64);
    }

    private void Append(FileStream log, int length, Action<Span<byte>, long> fill)
    {
        var record = new byte[LogFormat.SizeOf(length)];
        var room = PageBytes - (end % PageBytes);
        end += record.Length > room ? room : 0;
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        fill(record, end + record.Length);
        log.Position = end;
        log.Write(record);
        end += record.Length;
    }

    private static void WriteCommit(Span<byte> record, long until, long number)
    {
        const long Begin = 64;
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], Begin ^ until ^ number ^ -1);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], Begin);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], until);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], number);
        BinaryPrimitives.WriteInt32LittleEndian(record[40..], -1);
    }
}
