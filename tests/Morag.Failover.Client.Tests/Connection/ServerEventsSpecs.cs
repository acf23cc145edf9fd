using System.Text;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Tests.Connection;

/// <summary>Server-sent events that arrive in pieces.</summary>
public sealed class ServerEventsSpecs
{
    private const string Events =
        ": open\r\n\r\nevent: first\r\ndata: grün\r\ndata: 🦉\r\n\r\n\n"
        + "event: empty\n\nid: 7\ndata:x\ndata\n\ndata: cut off";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1_000)]
    public async Task Should_read_the_same_events_however_they_are_cut_into_pieces(int pieceBytes)
    {
        var read = await ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(Events), pieceBytes), 100).ToListAsync();

        Assert.Equal([new ServerEvent("first", "grün\n🦉"), new ServerEvent("message", "x\n", "7")], read);
    }

    [Theory]
    [InlineData("data: 0123456789\n\n", true)]
    [InlineData("data: 012345678901234\n\n", false)]
    [InlineData("data: 01234567\ndata: 01234567\ndata: 8\n\n", false)]
    [InlineData(": 0123456789012345", false)]
    public async Task Should_stop_reading_when_a_line_or_an_event_is_larger_than_the_limit(string text, bool isRead)
    {
        var reading = ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(text), 3), 16).ToListAsync();

        if (isRead)
        {
            Assert.Single(await reading);
        }
        else
        {
            _ = await Assert.ThrowsAsync<IOException>(async () => await reading);
        }
    }

    private static IAsyncEnumerable<ServerEvent> ReadAsync(Stream stream, int maxBytes) =>
        ServerEvents.ReadAsync(stream, TimeSpan.FromMinutes(1), maxBytes, CancellationToken.None);

    /// <summary>Gives at most so many bytes at once.</summary>
    private sealed class PieceStream(byte[] bytes, int pieceBytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceBytes)], cancellationToken);
    }
}
