using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The user that a server serves before it serves others. It speaks to the server in the few bytes of the Redis protocol
/// that this takes.
/// </summary>
/// <param name="SocketPath">Path of the server's Unix socket.</param>
/// <param name="Password">The password of this user.</param>
internal sealed record AdminClient(string SocketPath, string Password)
{
    private const string Name = "starter";

    /// <summary>No reply that is asked for is nearly as long.</summary>
    private const int LongestReply = 64 * 1024;

    /// <summary>The users that the server begins with, as a Redis ACL file has them: nobody else gets in.</summary>
    public string Users => $"user default off\nuser {Name} on >{Password} +@all\n";

    /// <summary>
    /// The reply to a command: the text of a reply of several lines, or else its one line. Null when the server does not serve yet, or
    /// not within the bound.
    /// </summary>
    public async Task<string?> AskAsync(IReadOnlyList<string> command, TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(bound);
        try
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await client.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), limit.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(client);
            var request = Encoding.ASCII.GetBytes(Write(["AUTH", Name, Password]) + Write(command));
            await stream.WriteAsync(request, limit.Token).ConfigureAwait(false);
            using var replies = new StreamReader(stream, Encoding.ASCII);
            var authentication = await replies.ReadLineAsync(limit.Token).ConfigureAwait(false);
            return authentication == "+OK"
                ? await ReadAsync(replies, limit.Token).ConfigureAwait(false)
                : authentication;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<string?> ReadAsync(StreamReader replies, CancellationToken cancellation)
    {
        var line = await replies.ReadLineAsync(cancellation).ConfigureAwait(false);
        if (line is not ['$', .. var length])
        {
            return line;
        }

        if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var characters) || characters > LongestReply)
        {
            return null;
        }

        var text = new char[characters];
        return new string(text, 0, await replies.ReadBlockAsync(text, cancellation).ConfigureAwait(false));
    }

    private static string Write(IReadOnlyList<string> command) =>
        string.Create(CultureInfo.InvariantCulture, $"*{command.Count}\r\n")
        + string.Concat(command.Select(word => string.Create(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n")));
}
