using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Unicode;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>
/// Reads request bodies. Fields that are not known are ignored, so that a newer client can talk to an older node, except where
/// a misspelt one would change more than was meant (<see cref="UnknownFields.Refused"/>).
/// </summary>
internal static class JsonBody
{
    /// <summary>The most bytes of an ordinary call.</summary>
    public const int MaxBytes = CallLimits.MaxBodyBytes;

    /// <summary>
    /// The most bytes of a call that lists what a worker holds: <see cref="WorkerLimits.MaxConcurrentTasks"/> entries of an id, an epoch
    /// and a number, with all their names and spaces.
    /// </summary>
    public const int MaxBytesWithLists = CallLimits.MaxListBodyBytes;

    /// <summary>The most bytes of a call that carries payloads or results.</summary>
    public const int MaxBytesWithPayloads = CallLimits.MaxPayloadBodyBytes;

    /// <summary>The most entries of an array body.</summary>
    public const int MaxEntries = CallLimits.MaxEntries;

    /// <summary>The memory for the bodies of all calls to this process.</summary>
    public static readonly BodyMemory Memory = new(Math.Min(1L << 30, NodeOptions.AvailableMemory / 8));

    /// <summary>Reads one object.</summary>
    /// <exception cref="ProblemException">The body is missing, too large, not JSON, or breaks the shape of <typeparamref name="T"/>.</exception>
    public static async Task<T> Read<T>(
        HttpContext context, int maxBytes = MaxBytes, UnknownFields unknownFields = UnknownFields.Ignored)
        where T : class
    {
        using var bytes = await Bytes(context, maxBytes);
        return Parse<T>(bytes.Text, unknownFields == UnknownFields.Refused ? StrictOptions : HttpJson.Options)
            ?? throw ProblemException.Invalid(null, "the body must be an object, not null");
    }

    /// <summary>Reads an array of 1 to <see cref="MaxEntries"/> objects, or, where <paramref name="orOne"/>, a single one.</summary>
    /// <returns>The entries, and whether the body was an array.</returns>
    public static async Task<(T[] Entries, bool IsArray)> ReadMany<T>(HttpContext context, int maxBytes, bool orOne)
        where T : class
    {
        using var bytes = await Bytes(context, maxBytes);
        if (orOne && FirstToken(bytes.Text) != '[')
        {
            T one = Parse<T>(bytes.Text, HttpJson.Options)
                ?? throw ProblemException.Invalid(null, "the body must be an object or an array of them, not null");
            return (new[] { one }, false);
        }

        var entries = Parse<T[]>(bytes.Text, HttpJson.Options)
            ?? throw ProblemException.Invalid(null, "the body must be an array, not null");
        if (entries.Length is 0 or > MaxEntries)
        {
            throw ProblemException.Invalid(null, $"the array must have 1 to {MaxEntries} entries, not {entries.Length}");
        }

        for (var index = 0; index < entries.Length; index++)
        {
            if (entries[index] is null)
            {
                throw ProblemException.Invalid(JsonPath.Item("", index), "must be an object, not null");
            }
        }

        return (entries, true);
    }

    private static readonly JsonSerializerOptions StrictOptions = new(HttpJson.Options)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    private static T? Parse<T>(ReadOnlySpan<byte> bytes, JsonSerializerOptions options)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, options);
        }
        catch (JsonException broken)
        {
            throw new ProblemException(Describe(broken));
        }
    }

    private static Problem Describe(JsonException broken)
    {
        // The reader's own errors (the text is no JSON) arrive as inner exceptions; those of converters do not.
        if (broken.InnerException is JsonException)
        {
            return Problem.NotJson(broken.Message);
        }

        var field = JsonPath.Relative(broken.Path);
        if (broken.InnerException is InvalidOperationException)
        {
            return Problem.Invalid(field, "must be valid Unicode text");
        }

        if (broken.Message.StartsWith("Duplicate propert", StringComparison.Ordinal))
        {
            return Problem.Invalid(field, "is given more than once");
        }

        const string Conversion = "The JSON value could not be converted to ";
        if (broken.Message.StartsWith(Conversion, StringComparison.Ordinal))
        {
            var type = broken.Message.AsSpan(Conversion.Length);
            var end = type.IndexOf(". Path", StringComparison.Ordinal);
            var isArray = (end < 0 ? type : type[..end]).EndsWith("[]", StringComparison.Ordinal);
            return Problem.Invalid(field, isArray ? "must be an array" : "must be an object");
        }

        return broken.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal)
            ? Problem.Invalid(field, "is not a field of this call, which refuses fields that it does not know")
            : Problem.Invalid(field, broken.Message);
    }

    private static byte FirstToken(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes.TrimStart(" \t\r\n"u8);
        return rest.IsEmpty ? (byte)0 : rest[0];
    }

    private static async Task<PooledBytes> Bytes(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
        {
            throw new ProblemException(Problem.TooLarge(maxBytes));
        }

        // Also a guard: a web page may send other types to any host without asking first, but not this one.
        if (!request.HasJsonContentType())
        {
            throw new ProblemException(Problem.WrongMediaType());
        }

        await using var body = Decoded(request);
        var bytes = new PooledBytes((int)Math.Min(request.ContentLength ?? 4096, 64 * 1024));
        try
        {
            while (await bytes.Append(body, context.RequestAborted))
            {
                if (bytes.Length > maxBytes)
                {
                    throw new ProblemException(Problem.TooLarge(maxBytes));
                }
            }

            return bytes.Text.IsEmpty ? throw new ProblemException(Problem.NotJson("the body is empty"))
                : !Utf8.IsValid(bytes.Span) ? throw new ProblemException(Problem.NotJson("the body is not valid UTF-8"))
                : bytes;
        }
        catch (InvalidDataException)
        {
            // The decoder's message talks about archives, even for a bad checksum.
            bytes.Dispose();
            throw new ProblemException(Problem.NotJson("the body cannot be decompressed: its gzip data is damaged or incomplete"));
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            // Kestrel throws a plain IOException for a chunk length that overflows, and for a client that disconnected.
            bytes.Dispose();
            throw new ProblemException(Problem.OfStatus(
                StatusCodes.Status400BadRequest, "the body cannot be read: its chunks are malformed, or the connection broke"));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>The body without its encoding. What comes out is what <c>maxBytes</c> bounds, however little went in.</summary>
    private static Stream Decoded(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return request.Body;
        }

        return encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true)
            : throw new ProblemException(Problem.WrongEncoding(encoding));
    }

    /// <summary>The bytes of one body, in a buffer of the shared pool.</summary>
    private sealed class PooledBytes(int expected) : IDisposable
    {
        private byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(expected + 1, 256));
        private long taken;

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Span => buffer.AsSpan(0, Length);

        /// <summary>Without the byte order mark that some tools write before a text.</summary>
        public ReadOnlySpan<byte> Text => Span.StartsWith("\uFEFF"u8) ? Span["\uFEFF"u8.Length..] : Span;

        public async ValueTask<bool> Append(Stream source, CancellationToken cancellation)
        {
            if (Length == buffer.Length)
            {
                Memory.Take(buffer.Length);
                taken += buffer.Length;
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                Span.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            var read = await source.ReadAsync(buffer.AsMemory(Length), cancellation);
            Length += read;
            return read > 0;
        }

        public void Dispose()
        {
            Memory.GiveBack(taken);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>What happens to a field that a call does not know.</summary>
internal enum UnknownFields
{
    /// <summary>It is left aside.</summary>
    Ignored,

    /// <summary>The call is refused.</summary>
    Refused,
}
