using Microsoft.AspNetCore.Http.Features;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>
/// Limits what a client may send over an upgraded connection. The runtime answers pings of a WebSocket itself and never shows them, so they
/// can only be limited below it.
/// </summary>
internal sealed class LimitedUpgrade(IHttpUpgradeFeature upgrade) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => upgrade.IsUpgradableRequest;

    /// <summary>Limits all upgraded connections.</summary>
    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            context.Features.Set<IHttpUpgradeFeature>(new LimitedUpgrade(upgrade));
        }

        return next(context);
    });

    public async Task<Stream> UpgradeAsync() => new LimitedStream(await upgrade.UpgradeAsync());

    /// <summary>A stream that breaks when too much is read from it too fast.</summary>
    private sealed class LimitedStream(Stream inner) : Stream
    {
        private double allowance = HttpLimits.SessionByteBurst;
        private long lastReadAt = Environment.TickCount64;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            var now = Environment.TickCount64;
            var refill = (now - lastReadAt) / 1000.0 * HttpLimits.MaxSessionBytesPerSecond;
            allowance = Math.Min(HttpLimits.SessionByteBurst, allowance + refill) - read;
            lastReadAt = now;
            return allowance >= 0 ? read : throw new IOException("The client sends too much in its session.");
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.WriteAsync(buffer, offset, count, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
