using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>A start waits for the checkpoint as long as the server is writing it.</summary>
public sealed class CheckpointWriterSpecs : IAsyncLifetime
{
    private static readonly TimeSpan NearlyTooLong = CheckpointWriter.MaxStandstill - TimeSpan.FromMinutes(1);

    private readonly string path = Directory.CreateTempSubdirectory("morag-checkpoint-").FullName;
    private readonly ConcurrentQueue<string> log = [];
    private readonly FakeTimeProvider time = new();
    private DataFolder folder = null!;
    private BusyServer server = null!;

    public async Task InitializeAsync()
    {
        folder = await DataFolder.OpenAsync(path, log.Enqueue, CancellationToken.None);
        server = new BusyServer(folder.Socket.Path);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
        Directory.Delete(path, recursive: true);
    }

    [Fact]
    public async Task Should_wait_while_the_server_writes_and_say_what_to_do_when_it_stops_writing()
    {
        var writing = WriteAsync();
        await server.SaveRequested;
        for (var round = 1; round <= 3; round++)
        {
            Write(round);
            time.Advance(NearlyTooLong);
            await Wait.UntilAsync(() => log.Count == round, $"{round} log lines about the wait, which is {writing.Status}");
        }

        time.Advance(CheckpointWriter.MaxStandstill + TimeSpan.FromSeconds(1));
        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => writing);

        Assert.Contains($"has written nothing to the checkpoint in {folder.Data}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("then start again", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.All(log, static line => Assert.Contains("still writing its checkpoint", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_return_the_reply_when_the_server_has_saved()
    {
        var writing = WriteAsync();
        await server.SaveRequested;

        server.CompleteSave();

        Assert.Equal("+OK", await writing);
    }

    private Task<string?> WriteAsync() =>
        new CheckpointWriter(new AdminClient(folder.Socket.Path, "secret"), folder, log.Enqueue, time).WriteAsync(CancellationToken.None);

    private void Write(int number)
    {
        var checkpoint = Directory.CreateDirectory(Path.Combine(folder.Data, "Store/checkpoints/cpr-checkpoints/one"));
        File.WriteAllText(Path.Combine(checkpoint.FullName, number.ToString(CultureInfo.InvariantCulture)), "part");
    }

    /// <summary>A server that accepts the administrator, and saves until the test completes the save.</summary>
    private sealed class BusyServer : IAsyncDisposable
    {
        private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly TaskCompletionSource requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource saved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task serving;

        public BusyServer(string socket)
        {
            listener.Bind(new UnixDomainSocketEndPoint(socket));
            listener.Listen();
            serving = ServeAsync();
        }

        public Task SaveRequested => requested.Task;

        public void CompleteSave() => saved.SetResult();

        public async ValueTask DisposeAsync()
        {
            _ = saved.TrySetResult();
            await serving;
            listener.Dispose();
        }

        private async Task ServeAsync()
        {
            using var client = await listener.AcceptAsync();
            await using var stream = new NetworkStream(client);
            using var requests = new StreamReader(stream);
            while (await requests.ReadLineAsync() is { } line && line != "SAVE")
            {
            }

            await stream.WriteAsync("+OK\r\n"u8.ToArray());
            requested.SetResult();
            await saved.Task;
            try
            {
                await stream.WriteAsync("+OK\r\n"u8.ToArray());
            }
            catch (IOException)
            {
                // The client has given up.
            }
        }
    }
}
