using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Sends commands to the server as an administrator, the only user that it accepts until it has started. Each command has a connection of
/// its own.
/// </summary>
/// <param name="SocketPath">Path of the server's Unix socket.</param>
/// <param name="Password">Password of the administrator.</param>
internal sealed record AdminClient(string SocketPath, string Password)
{
    /// <summary>Time limit for a reply while the server is up.</summary>
    public static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(2);

    private const string Name = "admin";

    /// <summary>Characters of the longest reply that is read. The replies to the commands sent here are far shorter.</summary>
    private const int MaxReplyLength = 64 * 1024;

    /// <summary>The content of the server's ACL file: this user alone can connect.</summary>
    public string AclUsers => $"user default off\nuser {Name} on >{Password} +@all\n";

    /// <summary>
    /// Sends a command. Returns the text of a bulk reply or the line of any other, or null if the server does not accept connections or
    /// does not reply in time.
    /// </summary>
    public async Task<string?> SendAsync(IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await client.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), limit.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(client);
            var request = Encoding.ASCII.GetBytes(Format(["AUTH", Name, Password]) + Format(command));
            await stream.WriteAsync(request, limit.Token).ConfigureAwait(false);
            using var replies = new StreamReader(stream, Encoding.ASCII);
            var authentication = await replies.ReadLineAsync(limit.Token).ConfigureAwait(false);
            return authentication == "+OK"
                ? await ReadReplyAsync(replies, limit.Token).ConfigureAwait(false)
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

    /// <summary>Reads a number from the server's INFO, or null if the server does not reply or the field is missing.</summary>
    public async Task<long?> ReadInfoAsync(string section, string field, TimeSpan timeout, CancellationToken cancellation)
    {
        var prefix = field + ":";
        var info = await SendAsync(["INFO", section], timeout, cancellation).ConfigureAwait(false);
        var line = info?.Split("\r\n").FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal));
        return long.TryParse(line?[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private static async Task<string?> ReadReplyAsync(StreamReader replies, CancellationToken cancellation)
    {
        var line = await replies.ReadLineAsync(cancellation).ConfigureAwait(false);
        if (line is not ['$', .. var length])
        {
            return line;
        }

        if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var characters) || characters > MaxReplyLength)
        {
            return null;
        }

        var text = new char[characters];
        return new string(text, 0, await replies.ReadBlockAsync(text, cancellation).ConfigureAwait(false));
    }

    private static string Format(IReadOnlyList<string> command) =>
        string.Create(CultureInfo.InvariantCulture, $"*{command.Count}\r\n")
        + string.Concat(command.Select(word => string.Create(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n")));
}
