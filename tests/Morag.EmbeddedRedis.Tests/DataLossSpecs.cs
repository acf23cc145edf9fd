using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>A folder whose data is not whole is never served as if it were.</summary>
public sealed class DataLossSpecs : IDisposable
{
    private const int Keys = 100;

    private readonly string folder = Directory.CreateTempSubdirectory("morag-loss-").FullName;
    private readonly ConcurrentQueue<string> log = [];

    private string Data => Path.Combine(folder, "data");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Should_refuse_a_folder_whose_newest_checkpoint_is_gone()
    {
        await WriteAsync("first");
        await WriteAsync("second");
        await WriteAsync("third");
        var newest = new DirectoryInfo(Path.Combine(Data, "Store/checkpoints/cpr-checkpoints")).GetDirectories().MaxBy(found => found.CreationTimeUtc)!;
        newest.Delete(recursive: true);

        await IsRefusedAsync("newest checkpoint");
    }

    [Fact]
    public async Task Should_refuse_a_folder_whose_checkpoints_are_gone()
    {
        await WriteAsync("first");
        Directory.Delete(Path.Combine(Data, "Store"), recursive: true);

        await IsRefusedAsync("newest checkpoint");
    }

    [Fact]
    public async Task Should_refuse_a_folder_with_a_checkpoint_that_is_cut()
    {
        await WriteAsync("first");
        var index = new DirectoryInfo(Path.Combine(Data, "Store/checkpoints/index-checkpoints")).GetFiles("ht.dat.*", SearchOption.AllDirectories).Single();
        await using (var stream = index.OpenWrite())
        {
            stream.SetLength(index.Length / 2);
        }

        await IsRefusedAsync("newest checkpoint");
    }

    [Theory]
    [InlineData("AOF/aof.log.0")]
    [InlineData("AOF/log-commits")]
    [InlineData("AOF")]
    [InlineData("")]
    public async Task Should_refuse_a_folder_whose_log_is_gone(string what)
    {
        await WriteAsync("first");
        await WriteAsync("second");
        var gone = Path.Combine(Data, what);
        if (File.Exists(gone))
        {
            File.Delete(gone);
        }
        else
        {
            Directory.Delete(gone, recursive: true);
        }

        await IsRefusedAsync("data/");
    }

    /// <summary>The server removes the files that a checkpoint covers some time after it.</summary>
    [Fact]
    public async Task Should_start_again_and_again_when_the_log_had_several_files()
    {
        const int Values = 70;
        var value = new byte[1_000_000];
        await using (var redis = await StartAsync())
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
            await Task.WhenAll(Enumerable.Range(0, Values).Select(number => connection.GetDatabase().StringSetAsync(Key("large", number), value)));
            Assert.True(File.Exists(Path.Combine(Data, "AOF/aof.log.1")));
        }

        await using (await StartAsync())
        {
            await Wait.UntilAsync(() => !File.Exists(Path.Combine(Data, "AOF/aof.log.0")), "the covered part of the log is removed");
        }

        await using var again = await StartAsync();
        await using var reader = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        Assert.Equal(value.Length, await reader.GetDatabase().StringLengthAsync(Key("large", Values - 1)));
    }

    [Fact]
    public async Task Should_go_on_with_what_is_left_only_for_the_loss_that_was_accepted()
    {
        await WriteAsync("first");
        Directory.Delete(Path.Combine(Data, "Store"), recursive: true);
        var accepted = (await IsRefusedAsync("newest checkpoint")).Loss;

        await using (await StartAsync(accepted))
        {
            Assert.Contains(log, line => line.Contains("is accepted"));
        }

        await WriteAsync("second", accepted);
        Directory.Delete(Path.Combine(Data, "Store"), recursive: true);
        var another = await Assert.ThrowsAsync<DataLossException>(() => StartAsync(accepted));
        Assert.NotEqual(accepted, another.Loss);
    }

    [Fact]
    public async Task Should_start_with_all_that_was_acknowledged_before_when_a_kill_cut_the_log_in_its_last_record()
    {
        await WriteAndKillAsync("first");
        await using (var log = LogFile().OpenWrite())
        {
            log.SetLength(log.Length - 600);
        }

        await using var redis = await StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var kept = await KeptAsync(connection, "first");
        Assert.InRange(kept, Keys / 2, Keys - 1);
    }

    /// <summary>
    /// A kill leaves whole sectors. Garnet 2.2.8 takes the length and the version of a commit record, with nothing but zeros after them,
    /// for a valid commit, and then starts without its log.
    /// </summary>
    [Fact]
    public async Task Should_lose_nothing_when_the_log_ends_within_a_commit_record()
    {
        await WriteAsync("first");
        await WriteAsync("second");
        await using (var log = LogFile().Open(FileMode.Open))
        {
            log.SetLength(EndOf(log));
            log.Position = log.Length;
            log.Write([0xd8, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
        }

        await using var redis = await StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        Assert.Equal(Keys, await KeptAsync(connection, "first"));
        Assert.Equal(Keys, await KeptAsync(connection, "second"));
        Assert.False(redis.AcceptedDataLoss);
    }

    /// <summary>Garnet 2.2.8 notices few of these: it starts with what is before the damage, or without the log.</summary>
    [Theory]
    [InlineData("a hole near its end")]
    [InlineData("a hole at its beginning")]
    [InlineData("a record with a wrong length")]
    [InlineData("zeros only")]
    [InlineData("nothing")]
    [InlineData("only its first half")]
    public async Task Should_refuse_a_log_that_is_damaged_and_go_on_with_the_rest_once_that_is_accepted(string what)
    {
        await WriteAsync("first");
        await WriteAsync("second");
        var atLeast = await DamageAsync(what);
        var before = await File.ReadAllBytesAsync(LogFile().FullName);
        var refusal = await IsRefusedAsync("it is damaged or cut");
        Assert.Equal(before, await File.ReadAllBytesAsync(LogFile().FullName));

        int kept;
        await using (var redis = await StartAsync(refusal.Loss))
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
            Assert.True(redis.AcceptedDataLoss);
            Assert.Contains(log, static line => line.Contains("is accepted") && !line.Contains("not started"));
            kept = await KeptAsync(connection, "second");
            Assert.InRange(kept, atLeast, Keys - 1);
        }

        Assert.Contains(Directory.GetFiles(folder, "aof.log.0", SearchOption.AllDirectories), file => file.Contains($"unread-log-{refusal.Loss}"));
        await WriteAsync("third");
        await using var again = await StartAsync();
        await using var reader = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        Assert.False(again.AcceptedDataLoss);
        Assert.Equal((Keys, kept, Keys), (await KeptAsync(reader, "first"), await KeptAsync(reader, "second"), await KeptAsync(reader, "third")));
    }

    [Theory]
    [InlineData("zeros only")]
    [InlineData("nothing")]
    public async Task Should_refuse_a_log_that_is_gone_when_its_owner_was_killed(string what)
    {
        await WriteAsync("first");
        await WriteAndKillAsync("second");
        await DamageAsync(what);

        await IsRefusedAsync("it is damaged or cut");
    }

    /// <summary>The least that is left of the keys that were written last.</summary>
    private async Task<int> DamageAsync(string what)
    {
        // Where a start has let clients in: after the commit record that follows what its checkpoint covers.
        const int Commit = 44;
        var record = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "data.json")));
        var begin = record.RootElement.GetProperty("Covered").GetInt64() + Commit;
        await using var log = LogFile().Open(FileMode.Open);
        var end = EndOf(log);
        switch (what)
        {
            case "a hole near its end":
                await WriteAtAsync(log, end - 1_000, new byte[100]);
                return Keys / 2;
            case "a hole at its beginning":
                await WriteAtAsync(log, begin, new byte[sizeof(int)]);
                return 0;
            case "a record with a wrong length":
                await WriteAtAsync(log, begin, [0xff, 0xff, 0xff, 0x7f]);
                return 0;
            case "zeros only":
                await WriteAtAsync(log, 0, new byte[log.Length]);
                return 0;
            case "nothing":
                log.SetLength(0);
                return 0;
            case "only its first half":
                log.SetLength((begin + end) / 2);
                return 1;
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what, "no such damage");
        }
    }

    private static async Task WriteAtAsync(FileStream log, long at, byte[] bytes)
    {
        log.Position = at;
        await log.WriteAsync(bytes);
    }

    /// <summary>Starts, writes and stops; each start makes a checkpoint of what was written before.</summary>
    private async Task WriteAsync(string prefix, string? acceptDataLoss = null)
    {
        await using var redis = await StartAsync(acceptDataLoss);
        await WriteToAsync(redis.ConnectionString, prefix);
    }

    private async Task WriteAndKillAsync(string prefix)
    {
        await using var killedAtItsEnd = await HostProcess.StartAsync(folder);
        await WriteToAsync(killedAtItsEnd.ConnectionString, prefix);
    }

    private static async Task WriteToAsync(string server, string prefix)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server);
        for (var number = 0; number < Keys; number++)
        {
            await connection.GetDatabase().StringSetAsync(Key(prefix, number), "value");
        }
    }

    private static async Task<int> KeptAsync(ConnectionMultiplexer connection, string prefix)
    {
        var values = await connection.GetDatabase().StringGetAsync([.. Enumerable.Range(0, Keys).Select(number => (RedisKey)Key(prefix, number))]);
        return values.Count(value => !value.IsNull);
    }

    private FileInfo LogFile() =>
        Directory.GetFiles(Path.Combine(Data, "AOF"), "aof.log.*").Select(static path => new FileInfo(path)).MaxBy(static file => file.Length)!;

    /// <summary>Zeros fill its last sector.</summary>
    private static long EndOf(FileStream log)
    {
        var bytes = new byte[log.Length];
        log.Position = 0;
        log.ReadExactly(bytes);
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }

    private static string Key(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}");

    private async Task<DataLossException> IsRefusedAsync(string cause)
    {
        var refusal = await Assert.ThrowsAsync<DataLossException>(() => StartAsync());
        Assert.Contains(folder, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        return refusal;
    }

    private Task<EmbeddedRedis> StartAsync(string? acceptDataLoss = null) =>
        EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = folder, AcceptDataLoss = acceptDataLoss, Log = log.Enqueue });
}
